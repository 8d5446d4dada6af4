import { expect, test } from "bun:test";
import {
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { logIn } from "./rig/api.ts";
import { freePort, inLab, type Lab } from "./rig/lab.ts";
import { agentFile, serverFile } from "./rig/places.ts";
import { startServer } from "./rig/server.ts";
import { approvedStand } from "./rig/stand.ts";

const limit = 60_000;

test(
  "a setting with a typo stops the server, which names it and the nearest one it knows [CFG-01]",
  inLab(async (lab) => {
    const file = join(lab.dir, "server.yaml");
    writeFileSync(file, "lisen: 127.0.0.1:0\nlog_level: loud\n");
    const env = { RM_DATA_DIR: join(lab.dir, "data"), RM_OFLINE_AFTER: "1m" };
    const server = lab.start(serverFile, ["--config", file], { env });

    expect((await server.exit()).code).toBe(2);
    for (const word of [
      "RM_OFLINE_AFTER",
      "RM_OFFLINE_AFTER",
      "lisen",
      "listen",
      "loud",
    ])
      expect(server.text()).toContain(word);
    expect(() => statSync(join(lab.dir, "data"))).toThrow();
  }),
  limit,
);

test(
  "a typo in agent.yaml stops the agent, which names the key [CFG-01]",
  inLab(async (lab) => {
    const { agent } = await approvedStand(lab);
    await agent.program().stop();
    writeFileSync(
      agent.config,
      `${readFileSync(agent.config, "utf8")}\nrestic_pth: /usr/bin/restic\n`,
    );

    const again = agent.run();

    expect((await again.exit()).code).toBeGreaterThan(0);
    expect(again.text()).toContain("restic_pth");
    expect(again.text()).toContain("restic_path");
  }),
  limit,
);

test(
  "the secret key is made once, and the server refuses one of the wrong size or none beside a database [CFG-02]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const key = join(server.dataDir, "secret.key");
    expect(statSync(key).mode & 0o777).toBe(0o600);
    const made = readFileSync(key);
    expect(made.length).toBe(32);
    await server.stop();
    await server.start();
    await server.stop();
    expect(readFileSync(key)).toEqual(made);

    truncateSync(key, 16);
    expect(await refusal(lab, server.dataDir)).toMatch(/32/);
    expect(statSync(key).size).toBe(16);

    rmSync(key);
    expect(await refusal(lab, server.dataDir)).toMatch(/secret\.key/);
    expect(() => statSync(key)).toThrow();

    writeFileSync(key, made, { mode: 0o600 });
    await server.start();
  }),
  limit,
);

test(
  "the first start says what to keep safe, and shows the settings in force without secrets [CFG-01]",
  inLab(async (lab) => {
    const password = "env-Canary-Pa55word";
    const server = await startServer(lab, {
      admin: false,
      env: { RM_ADMIN_PASSWORD: password },
    });
    const text = server.program().text();
    expect(text).toContain("secret.key");
    expect(text).toContain("RM_LISTEN");
    expect(text).not.toContain(password);
  }),
  limit,
);

test(
  "a password that is too short for the first administrator stops the server [AUT-04]",
  inLab(async (lab) => {
    const server = lab.start(serverFile, [], {
      env: {
        RM_DATA_DIR: join(lab.dir, "data"),
        RM_ADMIN_PASSWORD: "short-pw",
      },
    });
    expect((await server.exit()).code).toBe(2);
    expect(server.text()).toContain("RM_ADMIN_PASSWORD");
    expect(server.text()).not.toContain("short-pw");
  }),
  limit,
);

test(
  "a lost administrator password is set anew on the server's machine [AUT-04]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const before = await server.logIn();
    const env = { RM_DATA_DIR: server.dataDir };
    const reset = lab.start(serverFile, ["user", "reset-password", "admin"], {
      env,
    });
    reset.write("a new password of the administrator\n");

    expect((await reset.exit()).code).toBe(0);
    expect(reset.text()).not.toContain("a new password");
    await expect(server.logIn()).rejects.toThrow("login_failed");
    expect((await before.ask("GET", "/api/hosts")).status).toBe(401);
    await logIn(server.url, "admin", "a new password of the administrator");
  }),
  limit,
);

test(
  "a port that is taken is a clear refusal [CFG-01]",
  inLab(async (lab) => {
    const first = await startServer(lab);
    const second = lab.start(serverFile, [], {
      env: {
        RM_LISTEN: `127.0.0.1:${first.port}`,
        RM_DATA_DIR: join(lab.dir, "second"),
      },
      name: "second server",
    });
    expect((await second.exit()).code).toBeGreaterThan(0);
    expect(second.text()).toContain(String(first.port));
  }),
  limit,
);

test(
  "an unknown verb or option is refused with the way to help [CFG-01]",
  inLab(async (lab) => {
    for (const file of [serverFile, agentFile]) {
      const program = lab.start(file, ["--no-such-option"]);
      expect((await program.exit()).code).toBeGreaterThan(0);
      expect(program.text()).toContain("--no-such-option");
    }
  }),
  limit,
);

async function refusal(lab: Lab, dataDir: string): Promise<string> {
  const env = {
    RM_LISTEN: `127.0.0.1:${await freePort()}`,
    RM_DATA_DIR: dataDir,
  };
  const program = lab.start(serverFile, [], { env });
  expect((await program.exit()).code).toBeGreaterThan(0);
  return program.text();
}
