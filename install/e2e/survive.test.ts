import { expect, test } from "bun:test";
import { online, resticProcesses } from "./rig/agent.ts";
import {
  jobEnds,
  jobIn,
  jobsOf,
  repositoryPassword,
  runNow,
  snapshotsWhen,
  wholeLogOf,
} from "./rig/jobs.ts";
import { inLab } from "./rig/lab.ts";
import { openLive } from "./rig/live.ts";
import { processesOf } from "./rig/processes.ts";
import { resticByHand } from "./rig/repository.ts";
import { backupStand } from "./rig/stand.ts";
import { waitFor } from "./rig/wait.ts";

const limit = 120_000;
const slow = 1_000_000;

test(
  "restic goes on while the server is dead, and afterwards result and every log line are there once [JOB-05] [JOB-10]",
  inLab(async (lab) => {
    const { server, api, host, done, gate, byHand, repository } =
      await backupStand(lab, { megabytes: 16 });
    gate.pace(slow);
    const job = await runNow(api, host, done.group_id);
    await jobIn(api, job.id, ["running"]);
    await waitFor("data is on its way", () => gate.passed() > 500_000);

    await server.kill();
    await waitFor(
      "the broker ends with its server",
      () => processesOf(server.dataDir).length === 0,
    );
    const before = gate.passed();
    await waitFor("restic goes on", () => gate.passed() > before + 1_000_000);
    gate.pace(Infinity);
    await waitFor(
      "the backup is done while nobody listens",
      () => resticProcesses(lab).length === 0,
    );
    await server.start();

    const again = await server.logIn();
    await online(again, host.id);
    const end = await jobEnds(again, job.id);
    expect(end.state).toBe("succeeded");
    expect((await byHand()).map(({ id }) => id)).toEqual([
      end.snapshot_id ?? "",
    ]);
    expect((await snapshotsWhen(again, host, 1))[0]?.id).toBe(
      end.snapshot_id ?? "",
    );
    const lines = await wholeLogOf(again, end);
    expect(lines.map(({ n }) => n)).toEqual(
      Array.from({ length: end.log_lines }, (_, index) => index + 1),
    );
    // 16 blocks and 20 notes are new files; each is said once.
    expect(
      new Set(lines.filter(({ k }) => k === "new").map(({ l }) => l)).size,
    ).toBeGreaterThanOrEqual(36);
    expect(await jobsOf(again, host)).toHaveLength(1);
    const check = await resticByHand(repository, repositoryPassword, [
      "check",
      "--read-data",
    ]);
    expect([check.code, check.stdout]).toEqual([
      0,
      expect.stringContaining("no errors were found"),
    ]);
  }),
  limit,
);

test(
  "a server killed again and again during a job loses and doubles nothing [JOB-05]",
  inLab(async (lab) => {
    const { server, api, host, done, gate } = await backupStand(lab, {
      megabytes: 16,
    });
    gate.pace(slow);
    const job = await runNow(api, host, done.group_id);
    await jobIn(api, job.id, ["running"]);
    for (let round = 0; round < 3; round += 1) {
      await server.kill();
      await server.start();
      await online(await server.logIn(), host.id);
    }
    gate.pace(Infinity);

    const again = await server.logIn();
    const end = await jobEnds(again, job.id);
    expect(end.state).toBe("succeeded");
    const lines = await wholeLogOf(again, end);
    expect(lines.map(({ n }) => n)).toEqual(
      Array.from({ length: end.log_lines }, (_, index) => index + 1),
    );
  }),
  limit,
);

test(
  "progress comes at once and at most once a second, and two listeners hear the same lines [JOB-04] [JOB-06]",
  inLab(async (lab) => {
    const { server, api, host, done, gate } = await backupStand(lab, {
      megabytes: 12,
    });
    const [one, two] = [
      await openLive(lab, server.url, api),
      await openLive(lab, server.url, await server.logIn()),
    ];
    gate.pace(2_000_000);
    const job = await runNow(api, host, done.group_id);
    for (const live of [one, two]) await live.subscribe(`job:${job.id}`);
    await waitFor(
      "first progress",
      () => one.events("job.progress").length > 0,
    );

    const end = await jobEnds(api, job.id);
    const seconds =
      (Date.parse(end.finished_at ?? "") - Date.parse(end.started_at ?? "")) /
      1000;
    expect(one.events("job.progress").length).toBeLessThanOrEqual(
      Math.ceil(seconds) + 2,
    );
    const heard = (live: typeof one) =>
      live
        .events("job.log")
        .flatMap(({ lines }) => lines as { n: number; l: string }[]);
    await waitFor("both heard the last line", () =>
      [one, two].every((live) => heard(live).at(-1)?.n === end.log_lines),
    );
    // Lines of before a listener came are asked for, and not told again.
    const from = Math.max(...[one, two].map((live) => heard(live)[0]?.n ?? 0));
    const since = (live: typeof one) =>
      heard(live).filter(({ n }) => n >= from);
    expect(from).toBeLessThan(end.log_lines);
    expect(since(one)).toEqual(since(two));
  }),
  limit,
);

test(
  "a stopped agent ends its job, and neither a process nor a lock is left [AGT-10]",
  inLab(async (lab) => {
    const { api, agent, host, done, gate } = await backupStand(lab, {
      megabytes: 16,
    });
    gate.pace(slow);
    const job = await runNow(api, host, done.group_id);
    await jobIn(api, job.id, ["running"]);
    await waitFor("data is on its way", () => gate.passed() > 500_000);

    expect(await agent.program().stop(40_000)).toEqual({
      code: 0,
      signal: null,
    });

    expect(resticProcesses(lab)).toEqual([]);
    gate.pace(Infinity);
    agent.run();
    const end = await jobEnds(api, job.id);
    expect([end.state, end.error?.code]).toEqual([
      "cancelled",
      "agent_stopped",
    ]);
  }),
  limit,
);
