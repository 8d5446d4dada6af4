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
import { nextAttempt } from "./retry-rule.ts";

const tempDir = createTempDirs();

describe("a scheduled backup that failed", () => {
  test("for a reason that may pass is tried again after 1, 2 and 4 minutes, then given up and reported [SCH-05]", async () => {
    const agent = live(tempDir(), start);
    await agent.clock.advance(2.5 * hour + 5_000);
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 4; attempt++) {
      expect(agent.started).toHaveLength(attempt);
      agent.end("repository_unreachable");
      const failedAt = agent.clock.now();
      await agent.clock.advance(5 * minute);
      if (attempt < 4) waits.push((agent.started.at(-1)?.at ?? 0) - failedAt);
    }
    expect(waits).toEqual([1, 2, 4].map((n) => n * minute));
    expect(agent.started.map(({ dueAt }) => dueAt)).toEqual(
      Array(4).fill(toTimestamp(fireAt)),
    );
    expect(agent.missed).toEqual([
      {
        schedule_id: nightly.id,
        source_group_id: groupId,
        reason: "abandoned",
        first_due_at: toTimestamp(fireAt),
        last_due_at: toTimestamp(fireAt),
        count: 1,
        caught_up_by: [],
        attempts: 4,
      },
    ]);
    await agent.clock.advance(20 * hour);
    expect(agent.started).toHaveLength(4);
  });

  test("waits half an hour at most between two attempts [SCH-05]", async () => {
    const agent = live(tempDir(), start, { max: 10 });
    await agent.clock.advance(2.5 * hour + 5_000);
    for (let attempt = 1; attempt <= 8; attempt++) {
      agent.end("repository_locked");
      await agent.clock.advance(31 * minute);
    }
    const last = agent.started.slice(-2).map(({ at }) => at);
    expect((last[1] ?? 0) - (last[0] ?? 0)).toBeWithin(
      30 * minute,
      32 * minute,
    );
  });

  test("is not tried again once it succeeded, nor is anything reported", async () => {
    const agent = live(tempDir(), start);
    await agent.clock.advance(2.5 * hour + 5_000);
    agent.end("repository_locked");
    await agent.clock.advance(minute + 10_000);
    agent.end(null);
    await agent.clock.advance(12 * hour);
    expect(agent.started).toHaveLength(2);
    expect(agent.missed).toEqual([]);
  });

  test.each([
    "hook_failed",
    "source_missing",
    "wrong_password",
    "cancelled",
  ] as const)(
    "because of %s needs a person and is not tried again",
    async (code) => {
      const agent = live(tempDir(), start);
      await agent.clock.advance(2.5 * hour + 5_000);
      agent.end(code);
      await agent.clock.advance(12 * hour);
      expect(agent.started).toHaveLength(1);
      expect(agent.missed).toEqual([]);
    },
  );

  test("is not tried again when the group says so, nor when a run-now failed", async () => {
    const never = live(tempDir(), start, { max: 0 });
    await never.clock.advance(2.5 * hour + 5_000);
    never.end("repository_unreachable");
    await never.clock.advance(12 * hour);
    expect(never.started).toHaveLength(1);
    const agent = live(tempDir(), start);
    await agent.clock.advance(2.5 * hour + 5_000);
    agent.end("repository_unreachable", { schedule_id: null, due_at: null });
    await agent.clock.advance(12 * hour);
    expect(agent.started).toHaveLength(1);
  });

  test("is made up for by a backup that a person started meanwhile", async () => {
    const agent = live(tempDir(), start);
    await agent.clock.advance(2.5 * hour + 5_000);
    agent.end("repository_unreachable");
    agent.end(null, { schedule_id: null, due_at: null });
    await agent.clock.advance(12 * hour);
    expect(agent.started).toHaveLength(1);
  });

  test("waits on over a restart of the agent [SCH-05]", async () => {
    const dir = tempDir();
    const first = live(dir, start);
    await first.clock.advance(2.5 * hour + 5_000);
    first.end("repository_unreachable");
    await first.clock.advance(20_000);
    first.stop();
    const second = live(dir, first.clock.now());
    await second.clock.advance(minute);
    expect(second.started).toHaveLength(1);
    expect(second.started[0]?.dueAt).toBe(toTimestamp(fireAt));
    second.end("repository_unreachable");
    await second.clock.advance(3 * minute);
    second.end("repository_unreachable");
    await second.clock.advance(5 * minute);
    second.end("repository_unreachable");
    expect(second.missed).toMatchObject([{ reason: "abandoned", attempts: 4 }]);
  });

  test("is forgotten when its schedule is switched off, or no longer runs its group", async () => {
    for (const change of [{ enabled: false }, { group_ids: [otherId] }]) {
      const agent = live(tempDir(), start);
      await agent.clock.advance(2.5 * hour + 5_000);
      agent.end("repository_unreachable");
      agent.set({ ...nightly, ...change });
      await agent.clock.advance(12 * hour);
      expect(agent.started).toHaveLength(1);
    }
  });

  test("is made up for by the next fire, which is said", async () => {
    const agent = live(tempDir(), start, {
      schedule: { ...nightly, cron: "30,31 2 * * *" },
    });
    await agent.clock.advance(2.5 * hour + 5_000);
    agent.end("repository_unreachable");
    await agent.clock.advance(minute);
    expect(agent.started).toHaveLength(2);
    expect(agent.missed).toMatchObject([
      {
        reason: "abandoned",
        attempts: 1,
        caught_up_by: [agent.started[1]?.id ?? ""],
      },
    ]);
  });

  test("is not put off by a clock that is set back", async () => {
    const dir = tempDir();
    const first = live(dir, start);
    await first.clock.advance(2.5 * hour + 5_000);
    first.end("repository_unreachable");
    first.stop();
    const second = live(dir, first.clock.now() - 2 * hour);
    await second.clock.advance(31 * minute);
    expect(second.started).toHaveLength(1);
  });

  test("is not put off by a clock that was ahead at the start either", async () => {
    const dir = tempDir();
    const first = live(dir, start);
    await first.clock.advance(2.5 * hour + 5_000);
    first.end("repository_unreachable");
    first.stop();
    // Fires once a year, so that only the retry is late.
    const schedule = { ...nightly, cron: "30 2 1 1 *" };
    const second = live(dir, first.clock.now(), { schedule });
    second.setAhead(60 * 24 * hour);
    await second.clock.advance(30_000);
    second.setAhead(0);
    await second.clock.advance(5 * minute);
    expect(second.started).toHaveLength(1);
  });
});

test("however often it failed, the next attempt is half an hour away at most [SCH-05]", () => {
  const error = { code: "repository_locked", message: "" } as const;
  const policy = { max: 10, backoff_s: 1_800 };
  expect(nextAttempt({ error }, 1, policy)).toBe(30 * minute);
  expect(nextAttempt({ error }, 10, policy)).toBe(30 * minute);
  expect(nextAttempt({ error }, 11, policy)).toBeNull();
});
