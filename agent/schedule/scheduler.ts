import { toTimestamp, type Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import type {
  ConfigApplied,
  ScheduleMissed,
} from "@restic-manager/shared/protocol/event.ts";
import type { Random } from "../random.ts";
import type { NextFire, NextFireStore } from "./next-fire-store.ts";
import { nextRun, nextRuns, runsUntil } from "./next-run.ts";
import { createStarts, createWatch, lateMs, settleMs } from "./watch.ts";

export type Schedule = ConfigBundle["schedules"][number];

/** A schedule's turn. */
export interface Fire {
  /** Milliseconds since the Unix epoch: the newest instant it is for. */
  readonly dueAt: number;
  /** Set when it makes up, once, for what nobody was there to do; `count` includes `dueAt`. */
  readonly missed: {
    readonly reason: Extract<ScheduleMissed["reason"], "agent_down" | "asleep">;
    readonly firstDueAt: number;
    readonly count: number;
  } | null;
}

/** Fires schedules in the host's own zone, with or without a server. */
export interface Scheduler {
  /** Replaces all schedules. */
  set(schedules: readonly Schedule[]): void;
  /** The next fires as they are worked out here, for people. */
  preview(): ConfigApplied["schedules"];
  start(): void;
  stop(): void;
}

export interface SchedulerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: NextFireStore;
  /** All that `work` writes into the state database, or nothing. */
  readonly transaction: (work: () => void) => void;
  readonly tz: () => string;
  /** Part of the transaction that plans the next fire: a crash loses neither and repeats neither. */
  readonly onFire: (schedule: Schedule, fire: Fire) => void;
  /** The next fires changed by themselves: one fired, or the host moved to another zone. */
  readonly onPlanned: () => void;
}

/** A fleet with the same schedule does not start in the same second. */
const jitterMs = 4_000;
/**
 * A clock that goes back by less repeats no fire that was already had; by more, it had been wrong before, and a plan made
 * then may lie years ahead.
 */
const setBackMs = 12 * 3_600_000;
const previewed = 5;

export function createScheduler(deps: SchedulerDeps): Scheduler {
  const { clock, random, log, store, tz } = deps;
  const starts = createStarts(clock);
  const watch = createWatch({ clock, log, look });
  let schedules: readonly Schedule[] = [];
  let startedAt: number | null = null;

  function plan({ id, cron }: Schedule): void {
    starts.forget(id);
    const zone = tz();
    const now = clock.now();
    const at = nextOf(id, cron, now, zone);
    if (at === null) store.remove(id);
    else store.set({ scheduleId: id, cron, tz: zone, at, plannedAt: now });
  }

  function nextOf(
    id: string,
    cron: string,
    now: number,
    zone: string,
  ): number | null {
    try {
      return nextRun(cron, now, zone);
    } catch (error) {
      log.error("A schedule cannot be read and does not fire", {
        schedule_id: id,
        error,
      });
      return null;
    }
  }

  function look(slept: boolean): number {
    const zone = tz();
    for (const { schedule, fire } of planned()) {
      const now = clock.now();
      if (fire.at <= now) startWhenDue(schedule, fire, slept);
      else if (fire.tz !== zone || fire.plannedAt - now > setBackMs)
        replan(schedule);
    }
    return Math.min(
      ...planned().map(({ fire }) => starts.known(fire.scheduleId) ?? fire.at),
    );
  }

  function planned(): { schedule: Schedule; fire: NextFire }[] {
    return store.list().flatMap((fire) => {
      const schedule = schedules.find(({ id }) => id === fire.scheduleId);
      return schedule === undefined ? [] : [{ schedule, fire }];
    });
  }

  function replan(schedule: Schedule): void {
    plan(schedule);
    deps.onPlanned();
  }

  function startWhenDue(
    schedule: Schedule,
    next: NextFire,
    slept: boolean,
  ): void {
    const now = clock.now();
    const isLate = now - next.at > lateMs;
    const wait = isLate ? settleMs : random.fraction() * jitterMs;
    if (now < starts.at(schedule.id, wait, isLate && slept)) return;
    deps.transaction(() => {
      // However many fires were missed, the next one is in the future.
      plan(schedule);
      deps.onFire(schedule, isLate ? missedFire(next, now) : onTime(next));
    });
    deps.onPlanned();
  }

  function missedFire(next: NextFire, now: number): Fire {
    const { last, count } = runsUntil(next.cron, next.at, now, next.tz);
    const reason = next.at < (startedAt ?? now) ? "agent_down" : "asleep";
    log.info(`A schedule missed ${count} times is caught up, once`, {
      schedule_id: next.scheduleId,
      reason,
    });
    return { dueAt: last, missed: { reason, firstDueAt: next.at, count } };
  }

  return {
    set(next) {
      schedules = next.filter(({ enabled }) => enabled);
      const known = new Map(
        store.list().map((fire) => [fire.scheduleId, fire]),
      );
      for (const id of known.keys()) {
        if (schedules.some((s) => s.id === id)) continue;
        store.remove(id);
        starts.forget(id);
      }
      for (const schedule of schedules)
        if (isNew(schedule, known.get(schedule.id))) plan(schedule);
      if (startedAt !== null) watch.look();
    },
    preview() {
      const zone = tz();
      return schedules.map(({ id, cron }) => {
        try {
          return {
            id,
            next: nextRuns(cron, clock.now(), zone, previewed).map(toTimestamp),
            error: null,
          };
        } catch (error) {
          return {
            id,
            next: [],
            error: error instanceof Error ? error.message : String(error),
          };
        }
      });
    },
    start() {
      startedAt = clock.now();
      watch.look();
    },
    stop() {
      startedAt = null;
      watch.stop();
    },
  };

  /** Another time is a new plan, which has missed nothing; but what is due by the old one is still owed. */
  function isNew({ cron }: Schedule, known: NextFire | undefined): boolean {
    return known?.cron !== cron && !((known?.at ?? Infinity) <= clock.now());
  }
}

function onTime({ at }: NextFire): Fire {
  return { dueAt: at, missed: null };
}
