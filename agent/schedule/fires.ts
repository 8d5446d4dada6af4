import { toTimestamp, type Clock } from "@restic-manager/shared/clock.ts";
import type { RetryPolicy } from "@restic-manager/shared/domain/source.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type {
  JobDone,
  ScheduleMissed,
} from "@restic-manager/shared/protocol/event.ts";
import type {
  BusyFires,
  OpenFireStore,
  Owed,
  Retry,
} from "./open-fire-store.ts";
import { longestWaitMs, nextAttempt } from "./retry-rule.ts";
import type { Fire, Schedule } from "./scheduler.ts";
import { createStarts, createWatch, lateMs, settleMs } from "./watch.ts";

/**
 * What becomes of a schedule's fires: backups, further attempts of those that failed for a reason that may pass, and a report
 * of every fire that brought no backup at its time.
 */
export interface Fires {
  /** The schedules as configured, in force or not. */
  set(schedules: readonly Schedule[]): void;
  /** Starts the backups of a schedule whose turn it is. To be called in a transaction of the state database. */
  fire(schedule: Schedule, fire: Fire): void;
  /** Takes note of a job's end. To be called in the transaction that keeps it. */
  ended(done: JobDone): void;
  start(): void;
  stop(): void;
}

export interface FiresDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: OpenFireStore;
  readonly transaction: (work: () => void) => void;
  readonly policy: (groupId: string) => RetryPolicy;
  /** The newest backup of a source group that runs or waits. */
  readonly backupOf: (
    groupId: string,
  ) => { readonly job_id: string; readonly due_at: string | null } | undefined;
  /** @returns the job's id */
  readonly startBackup: (owed: Owed, dueAt: string) => string;
  readonly report: (missed: ScheduleMissed) => void;
}

export function createFires(deps: FiresDeps): Fires {
  const { clock, log, store } = deps;
  const starts = createStarts(clock);
  const watch = createWatch({ clock, log, look });
  let schedules: readonly Schedule[] = [];
  let isRunning = false;

  function look(slept: boolean): number {
    let next = Infinity;
    for (const retry of store.retries())
      next = Math.min(next, attemptWhenDue(retry, slept));
    return next;
  }

  /** @returns when to look at it again */
  function attemptWhenDue(retry: Retry, slept: boolean): number {
    const now = clock.now();
    if (retry.nextAt === null) return Infinity;
    if (!isWanted(retry)) {
      forget(retry);
      return Infinity;
    }
    // A clock that was set back does not put it off.
    const at = Math.min(retry.nextAt, now + longestWaitMs);
    if (at !== retry.nextAt) store.setRetry({ ...retry, nextAt: at });
    if (at > now) return at;
    const isLate = now - at > lateMs;
    const start = starts.at(
      keyOf(retry),
      isLate ? settleMs : 0,
      isLate && slept,
    );
    if (start > now) return start;
    // Its end will tell whether this one is still needed.
    if (deps.backupOf(retry.groupId) !== undefined) return Infinity;
    deps.transaction(() => {
      store.setRetry({ ...retry, nextAt: null });
      deps.startBackup(retry, retry.dueAt);
    });
    starts.forget(keyOf(retry));
    log.info("A scheduled backup that failed is tried again", {
      schedule_id: retry.scheduleId,
      attempt: retry.attempts + 1,
    });
    return Infinity;
  }

  function isWanted({ scheduleId, groupId }: Owed): boolean {
    return schedules.some(
      ({ id, enabled, group_ids }) =>
        id === scheduleId && enabled && group_ids.includes(groupId),
    );
  }

  function forget(retry: Retry): void {
    starts.forget(keyOf(retry));
    store.removeRetry(retry);
  }

  function giveUp(retry: Retry, attempts: number, caughtUpBy: string[]): void {
    forget(retry);
    deps.report({
      schedule_id: retry.scheduleId,
      source_group_id: retry.groupId,
      reason: "abandoned",
      first_due_at: retry.dueAt,
      last_due_at: retry.dueAt,
      count: 1,
      caught_up_by: caughtUpBy,
      attempts,
    });
  }

  /** A newer fire makes up for one that waits for another attempt. */
  function startFresh(owed: Owed, dueAt: string): string {
    const waiting = store.retry(owed);
    const jobId = deps.startBackup(owed, dueAt);
    if (waiting !== null) giveUp(waiting, waiting.attempts, [jobId]);
    return jobId;
  }

  function leaveOut(owed: Owed, dueAt: string): void {
    log.warn(
      "A schedule fired while its backup still runs or waits; this fire is left out",
      { schedule_id: owed.scheduleId },
    );
    store.addBusy(owed, dueAt);
  }

  function endedBadly(done: JobDone, owed: Owed, dueAt: string): void {
    const before = store.retry(owed);
    const attempts = (before?.dueAt === dueAt ? before.attempts : 0) + 1;
    const retry = { ...owed, dueAt, attempts, nextAt: null };
    const wait = nextAttempt(done, attempts, deps.policy(owed.groupId));
    if (wait !== null) store.setRetry({ ...retry, nextAt: clock.now() + wait });
    // A person's cancel is no fault; a first failure that no further attempt would mend is told by its job.
    else if (before !== null && done.error?.code !== "cancelled")
      giveUp(retry, attempts, []);
    else store.removeRetry(owed);
  }

  return {
    set(next) {
      schedules = next;
      if (isRunning) watch.look();
    },
    fire({ id, group_ids }, { dueAt, missed }) {
      const due = toTimestamp(dueAt);
      const started: string[] = [];
      for (const groupId of group_ids) {
        const owed = { scheduleId: id, groupId };
        const busy = deps.backupOf(groupId);
        if (busy === undefined) started.push(startFresh(owed, due));
        // It is under way again since the wake, and makes up as well as another one would.
        else if (missed !== null) started.push(busy.job_id);
        // Another schedule of the same minute has started it.
        else if (busy.due_at !== due) leaveOut(owed, due);
      }
      if (missed === null) return;
      deps.report({
        schedule_id: id,
        source_group_id: null,
        reason: missed.reason,
        first_due_at: toTimestamp(missed.firstDueAt),
        last_due_at: due,
        count: missed.count,
        caught_up_by: started.slice(0, 100),
        attempts: 0,
      });
    },
    ended(done) {
      const groupId = done.source_group_id;
      if (done.kind !== "backup" || groupId === null) return;
      for (const busy of store.takeBusy(groupId)) deps.report(busyReport(busy));
      if (isBackedUp(done)) {
        for (const retry of store.retries())
          if (retry.groupId === groupId) forget(retry);
      } else if (done.schedule_id !== null && done.due_at !== null)
        endedBadly(
          done,
          { scheduleId: done.schedule_id, groupId },
          done.due_at,
        );
    },
    start() {
      isRunning = true;
      watch.look();
    },
    stop() {
      isRunning = false;
      watch.stop();
    },
  };
}

function keyOf({ scheduleId, groupId }: Owed): string {
  return `${scheduleId} ${groupId}`;
}

function isBackedUp({ outcome }: JobDone): boolean {
  return outcome === "succeeded" || outcome === "succeeded_with_issues";
}

function busyReport(busy: BusyFires): ScheduleMissed {
  return {
    schedule_id: busy.scheduleId,
    source_group_id: busy.groupId,
    reason: "busy",
    first_due_at: busy.firstDueAt,
    last_due_at: busy.lastDueAt,
    count: busy.count,
    caught_up_by: [],
    attempts: 0,
  };
}
