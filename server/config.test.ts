import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaults, envName, loadConfig, settingKeys } from "./config.ts";
import type { Config, Env } from "./config.ts";
import { tableRows } from "./testing/markdown-table.ts";

const dir = mkdtempSync(join(tmpdir(), "rm-config-"));
afterAll(() => rmSync(dir, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

function load(env: Env, configFile?: string): Config {
  const loaded = loadConfig({ HOME: "/home/ada", ...env }, false, configFile);
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded.config;
}

function problems(env: Env, configFile?: string): readonly string[] {
  const loaded = loadConfig({ HOME: "/home/ada", ...env }, false, configFile);
  return loaded.ok ? [] : loaded.problems;
}

test("without any setting it listens on loopback and keeps its state in the home directory [CFG-01]", () => {
  expect(load({})).toMatchObject({
    listen: { hostname: "127.0.0.1", port: 8080 },
    dataDir: "/home/ada/.local/state/restic-manager-server",
    secretKeyFile: "/home/ada/.local/state/restic-manager-server/secret.key",
    cookieSecure: "auto",
    heartbeatInterval: 30_000,
    offlineAfter: 90_000,
    pendingExpiry: 3_600_000,
  });
  const root = loadConfig({}, true);
  expect(root.ok && root.config.dataDir).toBe("/var/lib/restic-manager-server");
});

test("the environment wins over the file, the file over the defaults [CFG-01]", () => {
  const path = file(
    "a.yaml",
    "listen: 0.0.0.0:9000\nlog_level: debug\ntrusted_proxy:\n  - 10.0.0.0/8\n  - ::1\n",
  );
  const config = load({ RM_LOG_LEVEL: "warn" }, path);
  expect(config.listen).toEqual({ hostname: "0.0.0.0", port: 9000 });
  expect(config.logLevel).toBe("warn");
  expect(config.trustedProxy.map((c) => c.length)).toEqual([8, 128]);
  expect(load({ RM_CONFIG_FILE: path }).logLevel).toBe("debug");
});

test("a typo in the file or the environment is refused with the nearest name [CFG-01]", () => {
  const path = file("typo.yaml", "lisen: 0.0.0.0:9000\n");
  expect(problems({}, path)).toEqual([
    `Unknown setting lisen in ${path}: did you mean listen?`,
  ]);
  expect(problems({ RM_DATA_DIRECTORY: "/x" })).toEqual([
    "Unknown setting RM_DATA_DIRECTORY in the environment: did you mean RM_DATA_DIR?",
  ]);
});

test("a setting of a feature that does not exist is refused like any other [CFG-01]", () => {
  expect(problems({ RM_METRICS_TOKEN: "x" })[0]).toContain(
    "Unknown setting RM_METRICS_TOKEN in the environment: known are RM_LISTEN",
  );
});

test("all problems are reported at once, with what to write instead [CFG-01]", () => {
  const all = problems({
    RM_LISTEN: "8080",
    RM_BASE_URL: "backup.example.org/path",
    RM_TRUSTED_PROXY: "10.0.0.0/33",
    RM_DRAIN_TIMEOUT: "soon",
    RM_LOG_LEVEL: "loud",
  });
  expect(all).toHaveLength(5);
  expect(all[0]).toBe(
    "RM_LISTEN=8080: use address:port, for example 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080",
  );
});

test("a file that is no list of settings is refused [CFG-01]", () => {
  expect(problems({}, file("list.yaml", "- a\n"))[0]).toContain("key: value");
  expect(problems({}, file("nested.yaml", "listen: {a: 1}\n"))[0]).toContain(
    "key: value",
  );
  expect(problems({}, file("bad.yaml", "a: [1\n"))[0]).toContain("bad.yaml");
  expect(problems({}, join(dir, "none.yaml"))[0]).toContain("none.yaml");
  expect(problems({}, file("empty.yaml", ""))).toEqual([]);
});

test("an offline limit inside the heartbeat interval is refused [CFG-01]", () => {
  expect(problems({ RM_OFFLINE_AFTER: "30s" })[0]).toContain(
    "RM_OFFLINE_AFTER must be longer",
  );
});

test("a secret is read from its file without the line break, and never shown [CFG-01]", () => {
  const secret = file("password", "twelve-characters\n");
  const loaded = loadConfig({ RM_ADMIN_PASSWORD_FILE: secret }, true);
  expect(loaded.ok && loaded.config.adminPassword).toBe("twelve-characters");
  expect(JSON.stringify(loaded.ok && loaded.effective)).not.toContain("twelve");

  const short = problems({ RM_ADMIN_PASSWORD: "short-one" });
  expect(short).toEqual(["RM_ADMIN_PASSWORD=***: Use at least 12 characters."]);
  expect(problems({ RM_ADMIN_PASSWORD_FILE: join(dir, "none") })[0]).toContain(
    "RM_ADMIN_PASSWORD_FILE=",
  );
  expect(
    problems({
      RM_ADMIN_PASSWORD: "twelve-characters",
      RM_ADMIN_PASSWORD_FILE: secret,
    })[0],
  ).toContain("not both");
});

test("the configuration cannot be changed after loading", () => {
  const config = load({}) as { logLevel: string };
  expect(() => (config.logLevel = "debug")).toThrow();
});

test("the reference lists every setting with its default, and nothing else [CFG-01] [DOC-04]", () => {
  const documented = tableRows("docs/reference/configuration.md")
    .map(([name = "", value]) => [/^`(RM_\w+)`$/.exec(name)?.[1], value])
    .filter(([name]) => name !== undefined);
  expect(documented.map(([name]) => name)).toEqual(settingKeys.map(envName));
  const stated = Object.fromEntries(documented);
  for (const [key, text] of Object.entries(defaults)) {
    expect(stated[envName(key)]).toBe(text === "" ? "none" : `\`${text}\``);
  }
});
