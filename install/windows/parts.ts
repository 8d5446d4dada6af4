import { deepStrictEqual, match, ok, strictEqual } from "node:assert";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { accept, online } from "../e2e/rig/agent.ts";
import type { Api } from "../e2e/rig/api.ts";
import { openGate } from "../e2e/rig/gate.ts";
import {
  jobEnds,
  jobIn,
  wholeLogOf,
  repositoryPassword,
  runNow,
  setUp,
  snapshotsWhen,
} from "../e2e/rig/jobs.ts";
import type { Lab } from "../e2e/rig/lab.ts";
import {
  locksByHand,
  resticByHand,
  startRestServer,
  writeFiles,
} from "../e2e/rig/repository.ts";
import type { Server } from "../e2e/rig/server.ts";
import type { Host, Version } from "../e2e/rig/types.ts";
import { waitFor } from "../e2e/rig/wait.ts";
import { announced, linuxPath, startAgent, windowsAgent } from "./agent.ts";
import type { Report } from "../lib/report.ts";
import type { Machine } from "./wine.ts";

export interface Stand {
  readonly lab: Lab;
  readonly machine: Machine;
  readonly server: Server;
  readonly api: Api;
  readonly report: Report;
}

/** Wine starts a program in seconds, and more slowly on a busy machine. */
const patience = 60_000;
const resticPattern = /\\restic-[0-9a-f]{12}\.exe/;
/** Bytes per second at which a backup of some megabytes is met in the middle. */
const slow = 400_000;

export async function executable({
  machine,
  server,
  report,
}: Stand): Promise<void> {
  const { step } = report;
  await step("--version says version and commit of the server", async () => {
    const program = startAgent(machine, ["--version"]);
    strictEqual((await program.exit(patience)).code, 0);
    const { version, commit } = (await (
      await fetch(`${server.url}/api/version`)
    ).json()) as Version;
    ok(
      program.stdout().includes(`${version} (commit ${commit}`),
      program.stdout(),
    );
  });
  await step("--licenses shows what the executable carries", async () => {
    const program = startAgent(machine, ["--licenses"]);
    strictEqual((await program.exit(patience)).code, 0);
    match(program.stdout(), /PolyForm Noncommercial/);
    match(program.stdout(), /github.com\/restic\/restic/);
  });
  await step("nothing in the folder it is started in is executed", async () => {
    const folder = join(machine.drive, "hostile");
    const trap = join(folder, "sprung");
    mkdirSync(folder);
    writeFileSync(
      join(folder, "preload.js"),
      'require("node:fs").writeFileSync("sprung", "");\n',
    );
    writeFileSync(join(folder, "bunfig.toml"), 'preload = ["./preload.js"]\n');
    const program = startAgent(machine, ["--version"], folder);
    strictEqual((await program.exit(patience)).code, 0);
    ok(!existsSync(trap));
  });
  await step("wrong arguments end with exit code 2", async () => {
    const program = startAgent(machine, ["enrol", "no address"]);
    strictEqual((await program.exit(patience)).code, 2);
  });
}

/** The product's main job, into a repository on a disk of the Windows machine. */
export async function localRepository(stand: Stand): Promise<void> {
  const { machine, server, api, report } = stand;
  const { step } = report;
  const agent = windowsAgent(machine, "Local disk");
  const source = "C:\\Users\\Zoë's files";
  const repository = String.raw`C:\backup\first`;
  writeFiles(linuxPath(machine, source), 2);
  writeFileSync(join(linuxPath(machine, source), "Ümläut 日本.txt"), "a name");

  const program = await agent.enrol(server);
  const pending = await step(
    "enrol shows the fingerprint that waits at the server",
    () => announced(api, program),
  );
  const host = await step(
    "accepted, it connects as a Windows host",
    async () => {
      const { id } = await accept(api, pending);
      await program.line(/Approved/, patience);
      const found = await online(api, id, true, patience);
      strictEqual((found as Host & { os: string }).os, "windows");
      strictEqual(found.restic?.source, "embedded");
      strictEqual(found.restic.problem, null);
      return found;
    },
  );
  const done = await step(
    `set-up creates a repository in ${repository}`,
    async () => {
      const result = await setUp(api, host, {
        url: repository,
        includes: [source],
      });
      strictEqual(result.test.created, true);
      deepStrictEqual(result.test.missing_includes, []);
      return result;
    },
  );
  const job = await step(
    "a backup by the embedded restic.exe succeeds",
    async () => {
      const { id } = await runNow(api, host, done.group_id);
      const end = await jobEnds(api, id, patience);
      deepStrictEqual(
        [end.state, end.exit_code, end.error],
        ["succeeded", 0, null],
      );
      return end;
    },
  );
  await step("its log names every file, in any script", async () => {
    const lines = (await wholeLogOf(api, job)).map(({ l }) => l);
    ok(
      lines.includes("/C/Users/Zoë's files/Ümläut 日本.txt"),
      lines.join("\n"),
    );
  });
  await step("its snapshot is listed", async () => {
    const [snapshot] = await snapshotsWhen(api, host, 1);
    strictEqual(snapshot?.id, job.snapshot_id);
    deepStrictEqual(snapshot?.paths, [source]);
  });
  await step("restic on Linux finds no fault in the repository", async () => {
    const check = await resticByHand(
      linuxPath(machine, repository),
      repositoryPassword,
      ["check", "--read-data"],
    );
    deepStrictEqual([check.code, check.stderr], [0, ""]);
  });
  await step(
    "status and verify answer while it runs; a second agent is refused",
    async () => {
      const status = agent.verb("status");
      strictEqual((await status.exit(patience)).code, 0);
      match(status.stdout(), /running: +yes/);
      match(status.stdout(), /next run: /);
      const verify = agent.verb("verify", host.fingerprint);
      strictEqual((await verify.exit(patience)).code, 0);
      strictEqual((await agent.verb("run").exit(patience)).code, 2);
    },
  );
  await step("Ctrl-C ends it in an orderly way", async () => {
    program.signal("SIGINT");
    strictEqual((await program.exit(patience)).code, 0);
    strictEqual(machine.running(/\\restic-manager-agent\.exe/).length, 0);
  });
}

/** What a crash and a cancel leave behind, seen in a rest-server. */
export async function crash(stand: Stand): Promise<void> {
  const { lab, machine, server, api, report } = stand;
  const { step } = report;
  const agent = windowsAgent(machine, "rest");
  const source = String.raw`C:\data`;
  writeFiles(linuxPath(machine, source), 1);
  const rest = await startRestServer(lab);
  const gate = await openGate(lab, rest.port);
  const repository = `rest:http://${rest.user}:${rest.password}@127.0.0.1:${rest.port}/host/`;

  const first = await agent.enrol(server);
  const { id } = await accept(api, await announced(api, first));
  const host = await online(api, id, true, patience);
  const done = await step("set-up creates a repository in a rest-server", () =>
    setUp(api, host, {
      url: `rest:http://127.0.0.1:${gate.port}/host/`,
      includes: [source],
      user: { name: rest.user, password: rest.password },
    }),
  );
  const halfway = async (admin: Api): Promise<string> => {
    // New data each time, so that there is something to send.
    writeFiles(linuxPath(machine, source), 12);
    gate.pace(slow);
    const before = gate.passed();
    const job = await runNow(admin, host, done.group_id);
    await jobIn(admin, job.id, ["running"], patience);
    await waitFor(
      "data is on its way",
      () => gate.passed() > before + 200_000,
      patience,
    );
    return job.id;
  };
  await step(
    "a cancelled job ends as cancelled, and its restic is gone",
    async () => {
      const job = await halfway(api);
      await api.post(`/api/jobs/${job}/cancel`);
      const end = await jobEnds(api, job, patience);
      deepStrictEqual([end.state, end.error?.code], ["cancelled", "cancelled"]);
      deepStrictEqual(machine.running(resticPattern), []);
      gate.pace(Infinity);
    },
  );
  const second = await step(
    "the job of a killed agent is reported lost after the restart",
    async () => {
      const job = await halfway(api);
      strictEqual((await first.kill()).signal, "SIGKILL");
      gate.pace(Infinity);
      const again = agent.verb("run");
      const end = await jobEnds(api, job, 2 * patience);
      deepStrictEqual(
        [end.state, end.error?.code],
        ["lost", "agent_restarted"],
      );
      deepStrictEqual(machine.running(resticPattern), []);
      return again;
    },
  );
  await step("the next backup succeeds", async () => {
    const job = await runNow(
      api,
      await online(api, host.id, true, patience),
      done.group_id,
    );
    const end = await jobEnds(api, job.id, patience);
    deepStrictEqual([end.state, end.error], ["succeeded", null]);
  });
  await step("after a restart of the server it connects again", async () => {
    await server.kill();
    await second.line(/Disconnected from the server/, patience);
    await server.start();
    await second.line(
      /Disconnected from the server[^]*Connected to the server/,
      patience,
    );
  });
  await step(
    "Ctrl-C during a backup ends it, its job as cancelled",
    async () => {
      const admin = await server.logIn();
      const job = await halfway(admin);
      second.signal("SIGINT");
      strictEqual((await second.exit(patience)).code, 0);
      const end = await jobEnds(admin, job, patience);
      deepStrictEqual(
        [end.state, end.error?.code],
        ["cancelled", "agent_stopped"],
      );
      deepStrictEqual(machine.running(resticPattern), []);
      gate.pace(Infinity);
    },
  );
  await step("none of this leaves a lock in the repository", async () => {
    deepStrictEqual(await locksByHand(repository, repositoryPassword), []);
  });
}

export async function refusals({
  machine,
  server,
  report,
}: Stand): Promise<void> {
  const { step } = report;
  const api = await server.logIn();
  const agent = windowsAgent(machine, "refused");
  await step(
    "a server with another key is refused with exit code 4",
    async () => {
      const other = `SHA256:${"0".repeat(64)}`;
      const program = agent.verb("enrol", server.url, "--server-key", other);
      strictEqual((await program.exit(patience)).code, 4);
    },
  );
  await step("a rejected host ends with exit code 3", async () => {
    const program = await agent.enrol(server);
    const { id } = await announced(api, program);
    await api.post(`/api/pending/${id}/reject`);
    strictEqual((await program.exit(patience)).code, 3);
    match(program.text(), /reject/i);
  });
}
