import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { enrolAgent, pendingOf } from "./rig/agent.ts";
import { freePort, inLab } from "./rig/lab.ts";
import { agentFile, root, serverFile } from "./rig/places.ts";
import { output } from "./rig/repository.ts";
import { ready, startServer } from "./rig/server.ts";
import { approvedStand } from "./rig/stand.ts";
import type { Version } from "./rig/types.ts";

const limit = 60_000;
const dist = join(root, "dist");
const version = (
  JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    version: string;
  }
).version;

test(
  "one version string everywhere: both executables, the API and the announcement [PKG-02] [PKG-05]",
  inLab(async (lab) => {
    const line =
      /^restic-manager-(server|agent) (\S+) \(commit ([0-9a-f]{12}\S*|unknown), (\S+)\)\n$/;
    const said: string[][] = [];
    for (const file of [serverFile, agentFile]) {
      const program = lab.start(file, ["--version"]);
      expect(await program.exit()).toEqual({ code: 0, signal: null });
      const match = line.exec(program.stdout());
      said.push((match ?? []).slice(2));
    }
    const server = await startServer(lab);
    const { commit, commit_date, ...api } = (await (
      await fetch(`${server.url}/api/version`)
    ).json()) as Version;
    const agent = await enrolAgent(lab, server);
    const admin = await server.logIn();
    const pending = await pendingOf(admin, await agent.fingerprint());

    expect(said).toEqual([
      [version, commit, commit_date],
      [version, commit, commit_date],
    ]);
    expect([api.version, pending.agent_version]).toEqual([version, version]);
    expect(version).not.toMatch(/dev|0\.0\.0/);
  }),
  limit,
);

test(
  "both executables show the licences of what they carry [PKG-06]",
  inLab(async (lab) => {
    for (const [file, carried] of [
      [serverFile, "nats-server"],
      [agentFile, "restic"],
    ] as const) {
      const program = lab.start(file, ["--licenses"]);
      expect((await program.exit()).code).toBe(0);
      expect(program.stdout()).toContain(carried);
      expect(program.stdout()).toContain("PolyForm Noncommercial");
    }
  }),
  limit,
);

test(
  "nothing that lies in the working directory is executed or read [PKG-02]",
  inLab(async (lab) => {
    const cwd = lab.folder("hostile");
    const trap = join(lab.dir, "sprung");
    const spring = `require("node:fs").writeFileSync(${JSON.stringify(trap)}, "");\n`;
    writeFileSync(join(cwd, "preload.js"), spring);
    writeFileSync(
      join(cwd, "bunfig.toml"),
      'preload = ["./preload.js"]\n[run]\npreload = ["./preload.js"]\n',
    );
    writeFileSync(
      join(cwd, ".env"),
      "RM_LISTEN=127.0.0.1:1\nRM_TYPO=1\nBUN_INSPECT=1\n",
    );
    writeFileSync(
      join(cwd, "package.json"),
      '{"name":"x","main":"./preload.js"}',
    );
    writeFileSync(join(cwd, "tsconfig.json"), "{ not json");
    for (const file of [serverFile, agentFile]) {
      const program = lab.start(file, ["--version"], { cwd });
      expect([file, (await program.exit()).code]).toEqual([file, 0]);
    }
    const port = await freePort();
    const env = {
      RM_LISTEN: `127.0.0.1:${port}`,
      RM_DATA_DIR: join(lab.dir, "data"),
    };
    const server = lab.start(serverFile, [], { cwd, env });
    await ready(`http://127.0.0.1:${port}`, server);
    expect(existsSync(trap)).toBe(false);
  }),
  limit,
);

test(
  "every target has the right format, and the checksums are those of the files [PKG-04]",
  async () => {
    const formats = {
      "linux-x64/restic-manager-server": /ELF 64-bit LSB.*x86-64/,
      "linux-x64/restic-manager-agent": /ELF 64-bit LSB.*x86-64/,
      "linux-arm64/restic-manager-server": /ELF 64-bit LSB.*aarch64/,
      "linux-arm64/restic-manager-agent": /ELF 64-bit LSB.*aarch64/,
      "windows-x64/restic-manager-agent.exe": /PE32\+ executable.*x86-64/,
    };
    const sums = readFileSync(join(dist, "SHA256SUMS"), "utf8")
      .trim()
      .split("\n");
    const listed = Object.fromEntries(
      sums.map((line) => line.split("  ").toReversed() as [string, string]),
    );
    expect(Object.keys(listed).sort()).toEqual(Object.keys(formats).sort());
    for (const [file, format] of Object.entries(formats)) {
      const { stdout } = await output(
        "/usr/bin/file",
        ["-b", join(dist, file)],
        {},
      );
      expect([file, stdout]).toEqual([file, expect.stringMatching(format)]);
      const bytes = readFileSync(join(dist, file));
      expect([file, createHash("sha256").update(bytes).digest("hex")]).toEqual([
        file,
        listed[file] ?? "",
      ]);
      expect(bytes.length).toBeLessThan(135e6);
    }
  },
  limit,
);

test(
  "the arm64 executables start under emulation and say their version [PKG-04]",
  inLab(async (lab) => {
    const qemu = ["-L", "/usr/aarch64-linux-gnu"];
    const emulated = (name: string) => [
      ...qemu,
      join(dist, "linux-arm64", name),
    ];
    for (const name of ["restic-manager-server", "restic-manager-agent"]) {
      const program = lab.start("/usr/bin/qemu-aarch64-static", [
        ...emulated(name),
        "--version",
      ]);
      expect([name, (await program.exit(30_000)).code]).toEqual([name, 0]);
      expect(program.stdout()).toStartWith(`${name} ${version} `);
    }
  }),
  limit,
);

test(
  "SIGTERM ends both executables well and at once, also an agent that still waits [RES-08]",
  inLab(async (lab) => {
    const { server, agent } = await approvedStand(lab);
    const waiting = await enrolAgent(lab, server, { name: "waiting" });
    await waiting.program().line(/Waiting for the approval/);

    // Nothing was enrolled, so this is no success.
    expect(await waiting.program().stop(10_000)).toEqual({
      code: 130,
      signal: null,
    });
    expect(await agent.program().stop(10_000)).toEqual({
      code: 0,
      signal: null,
    });
    expect(await server.stop()).toEqual({ code: 0, signal: null });
  }),
  limit,
);
