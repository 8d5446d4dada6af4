import { readFileSync, statSync, writeFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readConfig, saveConfig, newSecretsKey } from "./config.ts";
import { createSpawner } from "./platform/spawn.ts";
import { childEnv } from "./platform/env.ts";
import { testEnv } from "./testing/programs.ts";
import { createTempDirs } from "./testing/temp-dir.ts";

setDefaultTimeout(120_000);
const tempDir = createTempDirs();
const secrets_key = newSecretsKey(new Uint8Array(32).fill(5));

describe("agent.yaml [CFG-01]", () => {
  const read = (text: string) => {
    const path = join(tempDir(), "agent.yaml");
    writeFileSync(path, text);
    return () => readConfig(path);
  };

  test("is absent before the approval", () => {
    expect(readConfig(join(tempDir(), "agent.yaml"))).toBeNull();
  });

  test("gives every key it knows", () => {
    const config = read(
      `server: https://backup.example.org\nsecrets_key: ${secrets_key}\nrestic_path: /usr/bin/restic\nserver_ca: /etc/ca.pem\n`,
    );
    expect(config()).toEqual({
      server: ["https://backup.example.org"],
      secrets_key,
      restic_path: "/usr/bin/restic",
      server_ca: "/etc/ca.pem",
    });
  });

  test.each([
    [
      `server: https://x\nsecrets_key: ${secrets_key}\nrestic_pth: /x\n`,
      "unknown key restic_pth",
    ],
    [`secrets_key: ${secrets_key}\n`, "server is missing"],
    [
      `server: ftp://x\nsecrets_key: ${secrets_key}\n`,
      "server must be the server's address",
    ],
    [
      "server: https://x\nsecrets_key: short\n",
      "secrets_key must be the 43 characters",
    ],
    [
      `server: https://x\nsecrets_key: ${secrets_key}\nrestic_path: restic\n`,
      "restic_path must be an absolute path",
    ],
    [
      `server: [https://x, nowhere]\nsecrets_key: ${secrets_key}\n`,
      "or a list of its addresses",
    ],
    [`server: []\nsecrets_key: ${secrets_key}\n`, "server must be"],
    ["server: [\n", "not valid YAML"],
    ["", "is empty"],
  ])("%j is refused, naming what is wrong", (text, words) => {
    expect(read(text)).toThrow(words);
  });

  test("takes several addresses of the server, in their order [TRN-12]", () => {
    const server = ["https://backup.example.org", "http://10.0.0.5:8080"];
    const config = read(
      `server: [${server.join(", ")}]\nsecrets_key: ${secrets_key}\n`,
    );
    expect(config()).toEqual({ server, secrets_key });
    const path = join(tempDir(), "agent.yaml");
    saveConfig(path, { server, secrets_key });
    expect(readConfig(path)?.server).toEqual(server);
  });

  test("keeps a person's comments and is private when it is saved", () => {
    const path = join(tempDir(), "agent.yaml");
    writeFileSync(
      path,
      `# mine\nserver: https://old # here\nsecrets_key: ${secrets_key}\n`,
      { mode: 0o644 },
    );
    saveConfig(path, { server: ["https://new"] });
    expect(readFileSync(path, "utf8")).toBe(
      `# mine\nserver: https://new # here\nsecrets_key: ${secrets_key}\n`,
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("always parses, however often saving is killed with -9 [AGT-01]", async () => {
    const dir = tempDir();
    const path = join(dir, "agent.yaml");
    saveConfig(path, { server: ["https://zero"], secrets_key });
    const saver = new URL("./testing/save-forever.ts", import.meta.url)
      .pathname;
    const text = readFileSync(path, "utf8").replace("zero", "number-@");
    const spawner = createSpawner({ tmpDir: join(dir, "tmp") });
    let kills = 0;
    while (kills < 100) {
      let saved = 0;
      const child = spawner.start({
        file: process.execPath,
        args: [saver, path, text],
        env: childEnv(testEnv),
        onLine: () => {
          // Between two saves or inside one: whatever the moment is.
          if (++saved === 1 + (kills % 7)) child.kill();
        },
      });
      expect((await child.exited).signal).toBe("SIGKILL");
      kills++;
      expect(readConfig(path)?.server[0]).toMatch(
        /^https:\/\/(zero|number-\d+)$/,
      );
    }
    expect(readdirSync(dir).filter((name) => name.endsWith(".yaml"))).toEqual([
      "agent.yaml",
    ]);
  });
});
