import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { envName, loadConfig, settingKeys } from "./config.ts";
import type { Config } from "./config.ts";

const dir = mkdtempSync(join(tmpdir(), "rm-keys-"));
afterAll(() => rmSync(dir, { recursive: true }));

interface Example {
  readonly written: string;
  readonly means: unknown;
  /** Null where every text is good. */
  readonly wrong: string | null;
}

const examples: Record<keyof Config, Example> = {
  listen: {
    written: "[::]:9000",
    means: { hostname: "::", port: 9000 },
    wrong: "here",
  },
  baseUrl: {
    written: "https://backup.example.org",
    means: "https://backup.example.org",
    wrong: "backup",
  },
  agentUrls: {
    written: "https://backup.example.org, https://10.0.0.2:8443",
    means: ["https://backup.example.org", "https://10.0.0.2:8443"],
    wrong: "https://backup.example.org/path",
  },
  dataDir: { written: "/srv/rm", means: "/srv/rm", wrong: null },
  secretKeyFile: { written: "/srv/key", means: "/srv/key", wrong: null },
  trustedProxy: {
    written: "10.0.0.0/8",
    means: [expect.objectContaining({ length: 8 })],
    wrong: "10.0.0.0/99",
  },
  cookieSecure: { written: "true", means: "true", wrong: "yes" },
  allowedOrigins: {
    written: "https://portal.example.org",
    means: ["https://portal.example.org"],
    wrong: "portal",
  },
  adminUsername: { written: "ada", means: "ada", wrong: "a b" },
  adminPassword: {
    written: "correct horse battery",
    means: "correct horse battery",
    wrong: "short",
  },
  logLevel: { written: "warn", means: "warn", wrong: "loud" },
  logFormat: { written: "json", means: "json", wrong: "xml" },
  drainTimeout: { written: "5s", means: 5_000, wrong: "soon" },
  heartbeatInterval: { written: "10s", means: 10_000, wrong: "-1s" },
  offlineAfter: { written: "2m", means: 120_000, wrong: "never" },
  pendingExpiry: { written: "30m", means: 1_800_000, wrong: "0" },
};

const load = (env: Record<string, string>, file?: string) =>
  loadConfig({ HOME: "/home/ada", ...env }, false, file);

test.each(settingKeys)(
  "%s is read from environment and file, and refused by name when wrong [CFG-01]",
  (key) => {
    const { written, means, wrong } = examples[key];
    const name = envName(key);
    const file = join(dir, `${key}.yaml`);
    const inFile = name.slice("RM_".length).toLowerCase();
    writeFileSync(file, `${inFile}: ${JSON.stringify(written)}\n`);

    const loaded = [load({ [name]: written }), load({}, file)];

    for (const result of loaded) {
      const read: unknown = result.ok && result.config[key];
      expect([key, read]).toEqual([key, means]);
    }
    if (wrong === null) return;
    const refused = load({ [name]: wrong });
    expect([key, refused.ok ? [] : refused.problems]).toEqual([
      key,
      [expect.stringMatching(new RegExp(`^${name}=.+: .{8}`))],
    ]);
  },
);
