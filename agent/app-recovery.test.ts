import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { pathsIn } from "./testing/agent-process.ts";
import { childrenOf } from "./testing/processes.ts";
import { fill, groupId, isCounting, rigIn, running } from "./testing/rig.ts";
import { createTempDirs } from "./testing/temp-dir.ts";
import { until } from "./testing/until.ts";

// Real processes on a busy machine.
setDefaultTimeout(120_000);
const withRig = rigIn(createTempDirs());

test("a server that goes away in the middle of a backup misses nothing and gets nothing twice", () =>
  withRig(
    async (rig) => {
      await rig.restic.byHand("init");
      fill(rig.source, 1);
      const agent = rig.start();
      await rig.online();
      await rig.configure();
      const jobId = await rig.runNow();
      await running(rig);
      await rig.server.close();
      await until(
        "the end of the backup",
        () => agent.lines.some((line) => line.includes("A backup ended")),
        60_000,
      );
      expect(rig.events("job.done")).toEqual([]);
      rig.server.open();
      const done = await rig.done(jobId);
      expect(done.outcome).toBe("succeeded");
      const lines = rig.log(jobId);
      expect(lines).toHaveLength(done.log_lines);
      expect(isCounting(lines.map((line) => line.n))).toBe(true);
      expect(rig.events("job.done")).toHaveLength(1);
    },
    { slow: true },
  ));

test("what was not acknowledged is sent again, and rows go only when they are stored", () =>
  withRig(async (rig) => {
    await rig.restic.byHand("init");
    rig.start();
    await rig.online();
    await rig.configure();
    rig.server.loseAcks(true);
    const jobId = await rig.runNow();
    await rig.done(jobId);
    rig.server.loseAcks(false);
    await until(
      "an empty outbox",
      () =>
        (rig.server.lossy("hb").at(-1) as { outbox_depth: number })
          .outbox_depth === 0,
      60_000,
    );
    expect(isCounting(rig.server.events().map((event) => event.seq))).toBe(
      true,
    );
  }));

test("kill -9 in the middle of a backup: restic ends and unlocks, the job ends lost with the reason [AGT-13]", () =>
  withRig(
    async (rig) => {
      await rig.restic.byHand("init");
      fill(rig.source, 8);
      const agent = rig.start();
      await rig.online();
      await rig.configure();
      const jobId = await rig.runNow();
      await running(rig);
      process.kill(agent.pid ?? 0, "SIGKILL");
      await agent.exited;
      rig.start();
      const done = await rig.done(jobId);
      expect(done).toMatchObject({
        outcome: "lost",
        error: { code: "agent_restarted" },
        source_group_id: groupId,
      });
      expect(rig.log(jobId).at(-1)?.l).toContain("ended unexpectedly");
      expect(
        (await rig.restic.byHand("list", "locks", "-q", "--no-lock")).output,
      ).toBe("");
      expect(rig.events("job.done")).toHaveLength(1);
    },
    { slow: true },
  ));

test("a stale lock that a killed restic left is named and removed", () =>
  withRig(
    async (rig) => {
      await rig.restic.byHand("init");
      fill(rig.source, 8);
      const agent = rig.start();
      await rig.online();
      await rig.configure();
      const jobId = await rig.runNow();
      await running(rig);
      const lock =
        readdirSync(join(rig.restic.repository.url, "locks"))[0]?.slice(0, 8) ??
        "none";
      // As when the power fails: both at once. The agent is stopped first so that it cannot report.
      process.kill(agent.pid ?? 0, "SIGSTOP");
      for (const pid of childrenOf(agent.pid ?? 0))
        process.kill(pid, "SIGKILL");
      process.kill(agent.pid ?? 0, "SIGKILL");
      await agent.exited;
      rig.start();
      const done = await rig.done(jobId);
      expect(done.outcome).toBe("lost");
      expect(done.error?.message).toContain(
        `stale lock in the repository: lock ${lock}`,
      );
      expect(done.error?.message).toContain("It was removed");
      expect(
        (await rig.restic.byHand("list", "locks", "-q", "--no-lock")).output,
      ).toBe("");
    },
    { slow: true },
  ));

test("SIGTERM in the middle of a backup: cancelled, reported, no lock, exit 0 [AGT-10]", () =>
  withRig(
    async (rig) => {
      await rig.restic.byHand("init");
      fill(rig.source, 8);
      const agent = rig.start();
      await rig.online();
      await rig.configure();
      const jobId = await rig.runNow();
      await running(rig);
      agent.signal("SIGTERM");
      expect((await agent.exited).code).toBe(0);
      expect(await rig.done(jobId)).toMatchObject({
        outcome: "cancelled",
        error: { code: "agent_stopped" },
      });
      expect(
        (await rig.restic.byHand("list", "locks", "-q", "--no-lock")).output,
      ).toBe("");
    },
    { slow: true },
  ));

test("a damaged configuration is an error and is not written over [AGT-02]", () =>
  withRig(async (rig) => {
    const first = rig.start();
    await rig.online();
    await rig.configure();
    first.signal("SIGTERM");
    await first.exited;
    const { secrets } = pathsIn(rig.dir);
    const bytes = readFileSync(secrets);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(secrets, bytes);
    const before = createHash("sha256").update(bytes).digest("hex");
    const second = rig.start();
    expect((await second.exited).code).toBe(1);
    expect(second.lines.join("\n")).toContain("cannot be read");
    expect(
      createHash("sha256").update(readFileSync(secrets)).digest("hex"),
    ).toBe(before);
  }));
