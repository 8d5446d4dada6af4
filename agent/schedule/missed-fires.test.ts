import { describe, expect, test } from "bun:test";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import {
  fireAt,
  groupId,
  hour,
  liveFires as live,
  minute,
  nightly,
  otherId,
  start,
} from "../testing/fires-rig.ts";
import { createTempDirs } from "../testing/temp-dir.ts";

const tempDir = createTempDirs();

describe("a backup that the end of the agent interrupted", () => {
  test.each(["agent_stopped", "agent_restarted"] as const)(
    "(%s) runs again a minute after the next start, also without retries [AGT-10]",
    async (code) => {
      const dir = tempDir();
      const first = live(dir, start, { max: 0 });
      await first.clock.advance(2.5 * hour + 5_000);
      first.stop();
      first.end(code, { outcome: "cancelled" });
      const boot = first.clock.now() + 10 * minute;
      const second = live(dir, boot, { max: 0 });
      await second.clock.advance(55_000);
      expect(second.started).toEqual([]);
      await second.clock.advance(15_000);
      expect(second.started).toHaveLength(1);
      // One that brings the host down each time must not do so for ever.
      second.end(code, { outcome: "cancelled" });
      await second.clock.advance(hour);
      expect(second.started).toHaveLength(1);
      expect(second.missed).toMatchObject([
        { reason: "abandoned", attempts: 2 },
      ]);
    },
  );
});

describe("fires that bring no backup at their time", () => {
  test("because the backup before still runs are reported when it ends, all in one", async () => {
    const agent = live(tempDir(), start, {
      schedule: {
        ...nightly,
        cron: "0 * * * *",
        group_ids: [groupId, otherId],
      },
    });
    await agent.clock.advance(hour + 5_000);
    agent.busy.delete(otherId);
    for (let n = 0; n < 3; n++) {
      await agent.clock.advance(hour);
      agent.busy.delete(otherId);
    }
    expect(agent.started.map(({ group }) => group)).toEqual([
      groupId,
      otherId,
      otherId,
      otherId,
      otherId,
    ]);
    agent.end(null, { source_group_id: groupId });
    expect(agent.missed).toEqual([
      {
        schedule_id: nightly.id,
        source_group_id: groupId,
        reason: "busy",
        first_due_at: toTimestamp(start + 2 * hour),
        last_due_at: toTimestamp(start + 4 * hour),
        count: 3,
        caught_up_by: [],
        attempts: 0,
      },
    ]);
  });

  test("because the agent was down are caught up once, and named with the backup that did [AGT-06]", async () => {
    const dir = tempDir();
    const first = live(dir, start);
    first.stop();
    const second = live(dir, start + 4 * 24 * hour + 9 * hour);
    await second.clock.advance(70_000);
    expect(second.started).toHaveLength(1);
    expect(second.missed).toEqual([
      {
        schedule_id: nightly.id,
        source_group_id: null,
        reason: "agent_down",
        first_due_at: toTimestamp(fireAt),
        last_due_at: toTimestamp(fireAt + 4 * 24 * hour),
        count: 5,
        caught_up_by: [second.started[0]?.id ?? ""],
        attempts: 0,
      },
    ]);
    expect(second.started[0]?.dueAt).toBe(second.missed[0]?.last_due_at ?? "");
  });

  test("are not those of another schedule that starts the same backup in the same minute", async () => {
    const agent = live(tempDir(), start);
    await agent.clock.advance(2.5 * hour + 1_000);
    agent.busy.set(groupId, { job_id: "other", due_at: toTimestamp(fireAt) });
    await agent.clock.advance(10_000);
    agent.end(null, { source_group_id: groupId });
    expect([agent.started, agent.missed]).toEqual([[], []]);
  });

  test("are made up for by a backup that runs when they would be caught up", async () => {
    const dir = tempDir();
    live(dir, start).stop();
    const agent = live(dir, start + 9 * hour);
    agent.busy.set(groupId, { job_id: "by-hand", due_at: null });
    await agent.clock.advance(75_000);
    expect(agent.started).toEqual([]);
    expect(agent.missed).toMatchObject([
      { reason: "agent_down", count: 1, caught_up_by: ["by-hand"] },
    ]);
  });

  test("because the host slept are named so [SCH-07]", async () => {
    const agent = live(tempDir(), start);
    await agent.clock.advance(hour);
    agent.clock.set(start + 8 * hour);
    await agent.clock.advance(75_000);
    expect(agent.started).toHaveLength(1);
    expect(agent.missed).toMatchObject([{ reason: "asleep", count: 1 }]);
  });
});
