import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import type {
  JobDone,
  JobStarted,
  SnapshotPart,
} from "@restic-manager/shared/protocol/event.ts";
import { pathsIn } from "./testing/agent-process.ts";
import { fill, groupId, isCounting, rigIn, running } from "./testing/rig.ts";
import { createTempDirs } from "./testing/temp-dir.ts";
import { until } from "./testing/until.ts";

// Real processes on a busy machine.
setDefaultTimeout(120_000);
const withRig = rigIn(createTempDirs());

test("a backup by command: started, log, snapshots, done, each once and in order [JOB-01] [JOB-05]", () =>
  withRig(async (rig) => {
    const { server, restic, source } = rig;
    await restic.byHand("init");
    rig.start();
    await rig.online();
    await rig.configure();
    writeFileSync(join(source, "new.txt"), "new");
    const jobId = await rig.runNow();
    const done = await rig.done(jobId);

    expect(done).toMatchObject({
      outcome: "succeeded",
      exit_code: 0,
      error: null,
      source_group_id: groupId,
    });
    const lines = rig.log(jobId);
    expect(isCounting(lines.map((line) => line.n))).toBe(true);
    expect(done.log_lines).toBe(lines.length);
    expect(
      lines
        .filter((line) => line.k === "new")
        .map((line) => line.l)
        .sort(),
    ).toEqual([join(source, "letter.txt"), join(source, "new.txt")]);

    const kinds = server.events().map((event) => event.kind);
    const order = ["job.started", "log", "snap.part", "job.done"].map((kind) =>
      kinds.lastIndexOf(kind),
    );
    expect([...order].sort((a, b) => a - b)).toEqual(order);
    expect(isCounting(server.events().map((event) => event.seq))).toBe(true);

    const [started] = rig
      .events("job.started")
      .map((event) => event.p as JobStarted);
    expect(started?.command).toStartWith("restic backup --json");
    const [snapshots] = rig
      .events("snap.part")
      .map((event) => event.p as SnapshotPart)
      .slice(-1);
    expect(snapshots?.snapshots.map(({ id }) => id)).toEqual([
      done.stats?.snapshot_id ?? "",
    ]);
    const byHand = JSON.parse(
      (await restic.byHand("snapshots", "--json")).output,
    ) as { id: string }[];
    expect(byHand.map(({ id }) => id)).toEqual([done.stats?.snapshot_id ?? ""]);
    expect((await restic.byHand("check", "--read-data")).code).toBe(0);
  }));

test("an unusable restic_path is told, the agent stays online, and a job says restic_missing [AGT-04] [RST-03]", () =>
  withRig(
    async (rig) => {
      await rig.restic.byHand("init");
      rig.start();
      await rig.online();
      expect(rig.server.hello()?.["restic"]).toMatchObject({
        problem: expect.stringContaining("does not exist"),
      });
      await rig.configure();
      const done = await rig.done(await rig.runNow());
      expect(done).toMatchObject({
        outcome: "failed",
        error: { code: "restic_missing" },
      });
      expect((await rig.server.command("ping", {})).ok).toBe(true);
    },
    { restic_path: "/nowhere/restic" },
  ));

test("no secret is on disk, in the log or in a command line [AGT-02] [RST-02]", () =>
  withRig(
    async (rig) => {
      await rig.restic.byHand("init");
      fill(rig.source, 1);
      const agent = rig.start();
      await rig.online();
      await rig.configure();
      const jobId = await rig.runNow();
      await running(rig);
      const secret = rig.restic.repository.credential.password;
      const commandLines = readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .map((pid) =>
          existsSync(`/proc/${pid}/cmdline`)
            ? readFileSync(`/proc/${pid}/cmdline`, "utf8")
            : "",
        );
      expect(commandLines.some((line) => line.includes("backup\0--json"))).toBe(
        true,
      );
      expect(commandLines.filter((line) => line.includes(secret))).toEqual([]);
      await rig.done(jobId);
      const { state, config } = pathsIn(rig.dir);
      const files = readdirSync(state, {
        recursive: true,
        withFileTypes: true,
      }).filter((entry) => entry.isFile());
      const all = [
        config,
        ...files.map((entry) => join(entry.parentPath, entry.name)),
      ];
      expect(all.length).toBeGreaterThan(4);
      expect(all.filter((path) => readFileSync(path).includes(secret))).toEqual(
        [],
      );
      expect(agent.lines.join("\n")).not.toContain(secret);
      expect(JSON.stringify(rig.server.events())).not.toContain(secret);
    },
    { slow: true },
  ));

test("progress comes at once and then at most once a second [JOB-04]", () =>
  withRig(
    async (rig) => {
      await rig.restic.byHand("init");
      fill(rig.source, 1);
      rig.start();
      await rig.online();
      await rig.configure();
      const began = performance.now();
      const jobId = await rig.runNow();
      await until("progress", () => rig.server.lossy("live").length > 0);
      const first = performance.now() - began;
      await rig.done(jobId);
      const seconds = (performance.now() - began) / 1000;
      const seen = rig.server.lossy("live") as JobProgress[];
      expect(seen.length).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
      expect(seen.at(-1)).toMatchObject({
        files_total: 9,
        bytes_total: 1024 * 1024 + 5,
      });
      expect(first).toBeLessThan(1_500);
    },
    { slow: true },
  ));

test("two jobs at once run one after the other; a waiting one can be cancelled [AGT-09] [JOB-07]", () =>
  withRig(
    async (rig) => {
      await rig.restic.byHand("init");
      fill(rig.source, 1);
      rig.start();
      await rig.online();
      await rig.configure();
      const first = await rig.runNow();
      const second = await rig.runNow();
      const third = await rig.runNow();
      await until("the waiting", () =>
        rig.server
          .lossy("live")
          .some((p) => (p as JobProgress).phase === "waiting"),
      );
      expect(
        await rig.server.command("job.cancel", { job_id: second }),
      ).toMatchObject({ ok: true });
      expect(await rig.done(first)).toMatchObject({ outcome: "succeeded" });
      expect(await rig.done(second)).toMatchObject({
        outcome: "cancelled",
        error: { code: "cancelled" },
      });
      expect(await rig.done(third)).toMatchObject({ outcome: "succeeded" });
      const started = rig
        .events("job.started")
        .map((event) => (event.p as JobStarted).job_id);
      expect(started).toEqual([first, second, third]);
      const done = rig
        .events("job.done")
        .map((event) => (event.p as JobDone).job_id);
      expect(done).toEqual([first, second, third]);
    },
    { slow: true },
  ));
