import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { FailureCode } from "@restic-manager/shared/domain/failure.ts";
import type {
  JobDone,
  ScheduleMissed,
} from "@restic-manager/shared/protocol/event.ts";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { createLog } from "../log.ts";
import { openStateDb } from "../state-db.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { createFires } from "./fires.ts";
import { createNextFireStore } from "./next-fire-store.ts";
import { createOpenFireStore } from "./open-fire-store.ts";
import { nextAttempt } from "./retry-rule.ts";
import { createScheduler, type Schedule } from "./scheduler.ts";

const tempDir = createTempDirs();
const minute = 60_000;
const hour = 60 * minute;
const start = Date.UTC(2026, 5, 1, 0, 0);
const fireAt = start + 2.5 * hour;
const groupId = "01ARZ3NDEKTSV4RRFFQ69G5FAW";
const otherId = "01ARZ3NDEKTSV4RRFFQ69G5FAX";
const nightly: Schedule = {
  id: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
  cron: "30 2 * * *",
  enabled: true,
  group_ids: [groupId],
};

interface Started {
  readonly id: string;
  readonly group: string;
  readonly at: number;
  readonly dueAt: string;
}

/** One life of an agent whose backups end as the test says. */
function live(
  dir: string,
  at: number,
  { schedule = nightly, max = 3 }: { schedule?: Schedule; max?: number } = {},
) {
  const clock = createManualClock(at);
  const db = openStateDb(join(dir, "agent.db"));
  const log = createLog({
    level: "error",
    format: "text",
    clock,
    write: (line) => {
      throw new Error(line);
    },
  });
  const started: Started[] = [];
  const missed: ScheduleMissed[] = [];
  const busy = new Map<string, { job_id: string; due_at: string | null }>();
  const transaction = (work: () => void) => db.transaction(work)();
  const fires = createFires({
    clock,
    log,
    store: createOpenFireStore(db),
    transaction,
    policy: () => ({ max, backoff_s: 60 }),
    backupOf: (id) => busy.get(id),
    startBackup({ groupId: group }, dueAt) {
      const id = `job-${at}-${started.length}`;
      started.push({ id, group, at: clock.now(), dueAt });
      busy.set(group, { job_id: id, due_at: dueAt });
      return id;
    },
    report: (report) => missed.push(report),
  });
  const scheduler = createScheduler({
    clock,
    random: {
      bytes: (n) => new Uint8Array(n),
      id: () => "",
      fraction: () => 0.5,
    },
    log,
    store: createNextFireStore(db),
    transaction,
    tz: () => "UTC",
    onFire: fires.fire,
    onPlanned: () => {},
  });
  const set = (next: Schedule) => {
    fires.set([next]);
    scheduler.set([next]);
  };
  set(schedule);
  fires.start();
  scheduler.start();

  return {
    clock,
    started,
    missed,
    busy,
    set,
    /** Lets the newest backup end. */
    end(code: FailureCode | null, more: Partial<JobDone> = {}) {
      const { id, group, dueAt } = started.at(-1) ?? noJob;
      busy.delete(group);
      const done: JobDone = {
        job_id: id,
        kind: "backup",
        actor: "schedule",
        schedule_id: schedule.id,
        source_group_id: group,
        repository_id: null,
        due_at: dueAt,
        outcome: code === null ? "succeeded" : "failed",
        started_at: toTimestamp(clock.now()),
        finished_at: toTimestamp(clock.now()),
        exit_code: null,
        error: code === null ? null : { code, message: code },
        stats: null,
        upkeep: null,
        restore: null,
        log_lines: 0,
        ...more,
      };
      transaction(() => fires.ended(done));
    },
    stop() {
      scheduler.stop();
      fires.stop();
    },
  };
}

const noJob: Started = { id: "", group: "", at: 0, dueAt: "" };

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
});

test("however often it failed, the next attempt is half an hour away at most [SCH-05]", () => {
  const error = { code: "repository_locked", message: "" } as const;
  const policy = { max: 10, backoff_s: 1_800 };
  expect(nextAttempt({ error }, 1, policy)).toBe(30 * minute);
  expect(nextAttempt({ error }, 10, policy)).toBe(30 * minute);
  expect(nextAttempt({ error }, 11, policy)).toBeNull();
});

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
