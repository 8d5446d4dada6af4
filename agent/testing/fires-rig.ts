import { join } from "node:path";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { FailureCode } from "@restic-manager/shared/domain/failure.ts";
import type {
  JobDone,
  ScheduleMissed,
} from "@restic-manager/shared/protocol/event.ts";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { createLog } from "../log.ts";
import { openStateDb } from "../state-db.ts";
import { createFires } from "../schedule/fires.ts";
import { createNextFireStore } from "../schedule/next-fire-store.ts";
import { createOpenFireStore } from "../schedule/open-fire-store.ts";
import { createScheduler, type Schedule } from "../schedule/scheduler.ts";

export const minute = 60_000;
export const hour = 60 * minute;
export const start = Date.UTC(2026, 5, 1, 0, 0);
export const fireAt = start + 2.5 * hour;
export const groupId = "01ARZ3NDEKTSV4RRFFQ69G5FAW";
export const otherId = "01ARZ3NDEKTSV4RRFFQ69G5FAX";
export const nightly: Schedule = {
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
export function liveFires(
  dir: string,
  at: number,
  { schedule = nightly, max = 3 }: { schedule?: Schedule; max?: number } = {},
) {
  const manual = createManualClock(at);
  let aheadMs = 0;
  const clock = { ...manual, now: () => manual.now() + aheadMs };
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
    /** Sets the wall clock so far ahead of the true time. */
    setAhead: (ms: number) => void (aheadMs = ms),
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
