import { expect, test } from "bun:test";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  enrolAgent,
  approvedHost,
  online,
  resticProcesses,
} from "./rig/agent.ts";
import {
  jobEnds,
  jobIn,
  jobsOf,
  logOf,
  repositoryPassword,
  runNow,
  setUp,
  snapshotsWhen,
  wholeLogOf,
} from "./rig/jobs.ts";
import { inLab } from "./rig/lab.ts";
import { locksByHand, writeFiles } from "./rig/repository.ts";
import { smallDisk } from "./rig/small-disk.ts";
import { approvedStand, backupStand } from "./rig/stand.ts";
import { waitFor } from "./rig/wait.ts";

const limit = 120_000;
/** Bytes per second at which a backup of some megabytes is sure to be met in the middle. */
const slow = 400_000;
const presence = { RM_OFFLINE_AFTER: "3s", RM_HEARTBEAT_INTERVAL: "1s" };

test(
  "two run-nows at once are two jobs one after the other, without a lock error [AGT-09]",
  inLab(async (lab) => {
    const { api, host, done, gate, byHand } = await backupStand(lab, {
      megabytes: 6,
    });
    gate.pace(4_000_000);

    const [one, two] = await Promise.all([
      runNow(api, host, done.group_id),
      runNow(api, host, done.group_id),
    ]);
    const running = await waitFor("one job runs", async () => {
      const jobs = await jobsOf(api, host);
      return jobs.some(({ state }) => state === "running") ? jobs : null;
    });
    expect(running.filter(({ state }) => state === "running")).toHaveLength(1);
    gate.pace(Infinity);

    const ends = [await jobEnds(api, one.id), await jobEnds(api, two.id)];
    expect(ends.map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
    const [first, second] = ends.toSorted((a, b) =>
      (a.started_at ?? "").localeCompare(b.started_at ?? ""),
    );
    expect((second?.started_at ?? "") >= (first?.finished_at ?? "~")).toBe(
      true,
    );
    const made = ends.map(({ snapshot_id }) => snapshot_id).sort();
    expect((await byHand()).map(({ id }) => id).sort()).toEqual(
      made as string[],
    );
  }),
  limit,
);

test(
  "a cancelled job ends as cancelled, restic is gone and no lock is left [JOB-07]",
  inLab(async (lab) => {
    const { api, host, done, gate, repository } = await backupStand(lab, {
      megabytes: 24,
    });
    gate.pace(slow);
    const job = await runNow(api, host, done.group_id);
    await jobIn(api, job.id, ["running"]);
    await waitFor("data is on its way", () => gate.passed() > 1_000_000);

    const answer = await api.ask("POST", `/api/jobs/${job.id}/cancel`, {});
    expect(answer.status).toBe(202);

    const end = await jobEnds(api, job.id, 45_000);
    expect([end.state, end.error?.code]).toEqual(["cancelled", "cancelled"]);
    expect(resticProcesses(lab)).toEqual([]);
    gate.pace(Infinity);
    expect(await locksByHand(repository, repositoryPassword)).toEqual([]);

    const again = await api.ask("POST", `/api/jobs/${job.id}/cancel`, {});
    expect([again.status, again.body.code]).toEqual([409, "job_finished"]);
    const unknown = await api.ask(
      "POST",
      `/api/jobs/${"0".repeat(26)}/cancel`,
      {},
    );
    expect([unknown.status, unknown.body.code]).toEqual([404, "job_not_found"]);
  }),
  limit,
);

test(
  "an agent killed mid-job takes restic with it; the job ends lost with the reason and a stale lock is named [AGT-13]",
  inLab(async (lab) => {
    const { api, agent, host, done, gate, repository } = await backupStand(
      lab,
      { megabytes: 24, env: presence },
    );
    gate.pace(slow);
    const job = await runNow(api, host, done.group_id);
    await jobIn(api, job.id, ["running"]);
    await waitFor("data is on its way", () => gate.passed() > 1_000_000);
    expect(resticProcesses(lab).length).toBeGreaterThan(0);

    await agent.program().kill();

    await waitFor(
      "restic ends with its agent",
      () => resticProcesses(lab).length === 0,
    );
    gate.pace(Infinity);
    const locks = await locksByHand(repository, repositoryPassword);
    agent.run();
    const end = await jobEnds(api, job.id);
    expect([end.state, end.error?.code]).toEqual(["lost", "agent_restarted"]);
    expect(end.error?.message).toMatch(/ended unexpectedly/);
    if (locks.length > 0) {
      const text =
        (await logOf(api, job.id)).map(({ l }) => l).join("\n") +
        (end.error?.message ?? "");
      expect(text).toMatch(/lock/i);
    }
    const next = await runNow(api, await online(api, host.id), done.group_id);
    expect((await jobEnds(api, next.id)).state).toBe("succeeded");
  }),
  limit,
);

test(
  "a restic killed from outside is a failed job that says so, and the next one succeeds [RST-03]",
  inLab(async (lab) => {
    const { api, host, done, gate } = await backupStand(lab, { megabytes: 24 });
    gate.pace(slow);
    const job = await runNow(api, host, done.group_id);
    await jobIn(api, job.id, ["running"]);
    await waitFor("data is on its way", () => gate.passed() > 1_000_000);

    for (const { pid } of resticProcesses(lab)) process.kill(pid, "SIGKILL");
    // The agent looks for the lock that it left, and must not stand behind its data.
    gate.pace(Infinity);

    const end = await jobEnds(api, job.id);
    expect([end.state, end.error?.code]).toEqual(["failed", "restic_killed"]);
    const next = await runNow(api, host, done.group_id);
    expect((await jobEnds(api, next.id)).state).toBe("succeeded");
  }),
  limit,
);

test(
  "what cannot be read, or is not there, makes a success with issues that lists it [RST-03] [RST-04]",
  inLab(async (lab) => {
    const { api, host } = await approvedStand(lab, {
      agent: { readsEverything: false },
    });
    const source = join(lab.dir, "source");
    const second = join(lab.dir, "second");
    writeFiles(source, 1);
    writeFiles(second, 1);
    const unreadable = join(source, "private.txt");
    writeFileSync(unreadable, "private", { mode: 0o000 });
    const { group_id } = await setUp(api, host, {
      url: join(lab.dir, "repository"),
      includes: [source, second],
    });

    const job = await jobEnds(api, (await runNow(api, host, group_id)).id);
    expect([job.state, job.error?.code]).toEqual([
      "succeeded_with_issues",
      "source_unreadable",
    ]);
    const text = (await wholeLogOf(api, job))
      .filter(({ k }) => k === "error")
      .map(({ l }) => l);
    expect(text.join("\n")).toContain(unreadable);
    rmSync(unreadable);

    renameSync(second, `${second}-moved`);
    const partly = await jobEnds(api, (await runNow(api, host, group_id)).id);
    expect([partly.state, partly.error?.code]).toEqual([
      "succeeded_with_issues",
      "source_partly_missing",
    ]);

    rmSync(source, { recursive: true });
    const none = await jobEnds(api, (await runNow(api, host, group_id)).id);
    expect([none.state, none.error?.code, none.snapshot_id]).toEqual([
      "failed",
      "source_missing",
      null,
    ]);
    await snapshotsWhen(api, host, 2);
  }),
  limit,
);

test(
  "a disk that fills up under the repository is a failed job that names it [RST-03]",
  inLab(async (lab) => {
    const { api, host } = await approvedStand(lab);
    const disk = smallDisk(lab, "disk", "20m");
    const source = join(lab.dir, "source");
    writeFiles(source, 40);
    const { group_id } = await setUp(api, host, {
      url: join(disk, "repository"),
      includes: [source],
    });

    const job = await jobEnds(
      api,
      (await runNow(api, host, group_id)).id,
      60_000,
    );

    expect([job.state, job.error?.code, job.snapshot_id]).toEqual([
      "failed",
      "repository_full",
      null,
    ]);
    expect(job.error?.message).toMatch(/space/);
  }),
  limit,
);

test(
  "run-now on an offline host is refused and leaves nothing queued [JOB-03] [AGT-05]",
  inLab(async (lab) => {
    const { api, agent, host, done } = await backupStand(lab, {
      env: presence,
    });
    await agent.program().kill();
    await online(api, host.id, false, 20_000);

    const answer = await api.ask("POST", `/api/hosts/${host.id}/jobs`, {
      kind: "backup",
      source_group_id: done.group_id,
    });

    expect([answer.status, answer.body.code]).toEqual([503, "host_offline"]);
    expect(await jobsOf(api, host)).toEqual([]);
  }),
  limit,
);

test(
  "run-now before the set-up, or for another host's group, is refused by name [JOB-02]",
  inLab(async (lab) => {
    const { server, api, host, done } = await backupStand(lab);
    const other = await approvedHost(
      api,
      await enrolAgent(lab, server, { name: "other" }),
    );
    const ask = (id: string, group: string) =>
      api.ask("POST", `/api/hosts/${id}/jobs`, {
        kind: "backup",
        source_group_id: group,
      });

    const early = await ask(other.id, done.group_id);
    expect(["host_not_set_up", "source_group_not_found"]).toContain(
      early.body.code,
    );
    const unknown = await ask(host.id, "0".repeat(26));
    expect([unknown.status, unknown.body.code]).toEqual([
      404,
      "source_group_not_found",
    ]);
    const nobody = await ask(`h${"0".repeat(20)}`, done.group_id);
    expect([nobody.status, nobody.body.code]).toEqual([404, "host_not_found"]);
    expect(await jobsOf(api, other)).toEqual([]);
  }),
  limit,
);
