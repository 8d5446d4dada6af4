import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import type { RepoUnlocked } from "@restic-manager/shared/protocol/event.ts";
import { createSpawner } from "./platform/spawn.ts";
import { childrenOf, processIds, processText } from "./testing/processes.ts";
import { resticPath, testEnv } from "./testing/programs.ts";
import { fill, repositoryId, rigIn, running, type Rig } from "./testing/rig.ts";
import { createTempDirs } from "./testing/temp-dir.ts";
import { until } from "./testing/until.ts";
import { history, initialised, statsOf, textOf } from "./testing/upkeep.ts";

// Real processes on a busy machine.
setDefaultTimeout(120_000);
const withRig = rigIn(createTempDirs());

/** restic as another host runs it: this one under another name. It is slow enough to be met. */
function elsewhere({ dir, restic }: Rig, ...args: string[]) {
  const { url, credential } = restic.repository;
  const slow = ["--limit-upload", "100", "--limit-download", "100"];
  return createSpawner({ tmpDir: join(dir, "tmp") }).start({
    file: "unshare",
    args: [
      "--uts",
      "sh",
      "-c",
      'hostname elsewhere && exec "$@"',
      "sh",
      resticPath(),
      ...slow,
      ...args,
    ],
    env: {
      PATH: testEnv["PATH"] ?? "",
      HOME: dir,
      RESTIC_REPOSITORY: url,
      RESTIC_PASSWORD: credential.password,
    },
    onLine: () => {},
  });
}

async function locksOf({ restic }: Rig): Promise<string[]> {
  const { output } = await restic.byHand("list", "locks", "-q", "--no-lock");
  return output.split("\n").filter((line) => line !== "");
}

/** The restic that works for the agent. */
function resticOf(rig: Rig): number {
  const isIts = (pid: number) =>
    processText(pid, "cmdline").includes("\0backup\0") &&
    processText(pid, "environ").includes(rig.dir);
  return processIds().find(isIts) ?? 0;
}

test("kill -9 of restic in the middle of a backup: its lock is removed and reported, and the next job runs [LCK-01]", () =>
  withRig(
    async (rig) => {
      await initialised(rig);
      fill(rig.source, 8);
      await rig.configure();
      const jobId = await rig.runNow();
      await running(rig);
      const [lock = "none"] = await locksOf(rig);
      process.kill(resticOf(rig), "SIGKILL");
      expect(await rig.done(jobId)).toMatchObject({
        outcome: "failed",
        error: { code: "restic_killed" },
      });
      expect(textOf(rig, jobId)).toContain(`lock ${lock.slice(0, 8)}`);
      const unlocked = rig.events("repo.unlocked").at(-1)?.p as RepoUnlocked;
      expect(unlocked).toMatchObject({
        repository_id: repositoryId,
        job_id: jobId,
        locks: [{ id: lock, state: "own_dead" }],
      });
      expect(await locksOf(rig)).toEqual([]);
      const pruned = await rig.done(await rig.upkeep("prune"));
      expect(pruned.outcome).toBe("succeeded");
    },
    { slow: true },
  ));

test("kill -9 of agent and restic in upkeep of a repository the host is not configured for: the next job there removes the lock [LCK-01] [MNT-07]", () =>
  withRig(
    async (rig) => {
      await rig.restic.byHand("init");
      await history(rig, 2, "photos");
      fill(rig.source, 8);
      await rig.restic.byHand("backup", rig.source);
      const agent = rig.start();
      await rig.online();
      const jobId = await rig.upkeep("check", { subset_pct: 100 });
      await running(rig);
      process.kill(agent.pid ?? 0, "SIGSTOP");
      for (const pid of childrenOf(agent.pid ?? 0))
        process.kill(pid, "SIGKILL");
      process.kill(agent.pid ?? 0, "SIGKILL");
      await agent.exited;
      expect(await locksOf(rig)).toHaveLength(1);
      rig.start();
      expect(await rig.done(jobId)).toMatchObject({
        kind: "check",
        outcome: "lost",
        error: { code: "agent_restarted" },
        repository_id: repositoryId,
      });
      const next = await rig.upkeep("forget", {
        groups: [{ host: "endpoint", tag: "photos", retention: { last: 1 } }],
      });
      expect((await rig.done(next)).outcome).toBe("succeeded");
      expect(textOf(rig, next)).toContain("It was removed.");
      const phases = (rig.server.lossy("live") as JobProgress[]).map(
        ({ phase }) => phase,
      );
      expect(phases).not.toContain("locked");
      expect(rig.events("repo.unlocked")).toHaveLength(1);
    },
    { slow: true },
  ));

test("a lock of another host is left, named and waited for; unlock takes it only when told to [LCK-01] [LCK-02] [MNT-05]", () =>
  withRig(async (rig) => {
    await initialised(rig);
    await history(rig, 2, "photos");
    fill(rig.source, 4);
    const other = elsewhere(rig, "backup", rig.source);
    await running(rig);
    const [lock = "none"] = await locksOf(rig);
    const jobId = await rig.upkeep("forget", {
      groups: [{ host: "endpoint", tag: "photos", retention: { last: 1 } }],
    });
    await until(
      "the wait",
      () =>
        (rig.server.lossy("live") as JobProgress[]).some(
          ({ phase }) => phase === "locked",
        ) && textOf(rig, jobId).includes(lock.slice(0, 8)),
      60_000,
    );
    expect(textOf(rig, jobId)).toContain("on elsewhere)");
    expect(statsOf(rig).locks).toMatchObject([
      { id: lock, hostname: "elsewhere", state: "live" },
    ]);
    other.signal("SIGINT");
    await other.exited;
    expect((await rig.done(jobId)).outcome).toBe("succeeded");
    expect(rig.events("repo.unlocked")).toEqual([]);

    const killed = elsewhere(rig, "backup", rig.source);
    await running(rig);
    killed.kill();
    await killed.exited;
    const kept = await rig.done(await rig.upkeep("unlock"));
    expect(kept).toMatchObject({
      outcome: "succeeded",
      upkeep: { locks_removed: 0, locks_left: 1 },
    });
    expect(statsOf(rig).locks).toHaveLength(1);
    const removed = await rig.done(await rig.upkeep("unlock", { all: true }));
    expect(removed.upkeep).toEqual({ locks_removed: 1, locks_left: 0 });
    expect(statsOf(rig).locks).toEqual([]);
    expect(await locksOf(rig)).toEqual([]);
  }));

test("a prune that waits for the lock of another host's dead restic holds up neither backups nor an unlock, and can be cancelled [LCK-02]", () =>
  withRig(async (rig) => {
    await initialised(rig);
    fill(rig.source, 1);
    await rig.configure();
    const other = elsewhere(rig, "backup", rig.source);
    await running(rig);
    other.kill();
    await other.exited;
    const jobId = await rig.upkeep("prune");
    await until(
      "the wait",
      () => textOf(rig, jobId).includes("go first"),
      60_000,
    );
    const backupId = await rig.runNow();
    const unlockId = await rig.upkeep("unlock");
    expect((await rig.done(backupId)).outcome).toBe("succeeded");
    const unlocked = await rig.done(unlockId);
    expect(unlocked.upkeep).toEqual({ locks_removed: 0, locks_left: 1 });
    const text = textOf(rig, jobId);
    expect(text).toContain("on elsewhere)");
    expect(text).toContain("Lets a job of this host go first: backup.");
    await rig.server.command("job.cancel", { job_id: jobId });
    expect(await rig.done(jobId)).toMatchObject({
      outcome: "cancelled",
      error: { code: "cancelled" },
    });
  }));

test("a check under way can be cancelled and leaves no lock; the host's bandwidth applies to it [JOB-07] [SCH-08]", () =>
  withRig(async (rig) => {
    await initialised(rig);
    fill(rig.source, 8);
    await rig.restic.byHand("backup", rig.source);
    await rig.configure({}, { limits: { up_kbps: null, down_kbps: 200 } });
    const jobId = await rig.upkeep("check", { subset_pct: 100 });
    await until(
      "progress",
      () =>
        (rig.server.lossy("live") as JobProgress[]).some(
          ({ phase, files_total }) => phase === "working" && files_total > 0,
        ),
      60_000,
    );
    expect(await locksOf(rig)).toHaveLength(1);
    await rig.server.command("job.cancel", { job_id: jobId });
    expect(await rig.done(jobId)).toMatchObject({
      outcome: "cancelled",
      error: { code: "cancelled" },
      upkeep: null,
    });
    expect(await locksOf(rig)).toEqual([]);
    expect(textOf(rig, jobId)).toContain(
      "restic --limit-download 200 check --read-data-subset=100%",
    );
    expect(statsOf(rig).check).toBeUndefined();
  }));
