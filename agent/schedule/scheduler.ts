import {
  toTimestamp,
  type Cancel,
  type Clock,
} from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import type { ConfigApplied } from "@restic-manager/shared/protocol/event.ts";
import type { Random } from "../random.ts";
import type { NextFire, NextFireStore } from "./next-fire-store.ts";
import { nextRun, nextRuns } from "./next-run.ts";

export type Schedule = ConfigBundle["schedules"][number];

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
  readonly tz: () => string;
  readonly onFire: (schedule: Schedule) => void;
  /** The next fires changed by themselves: one fired, or the host moved to another zone. */
  readonly onPlanned: () => void;
}

/** Looks at the wall clock at least this often: timers do not notice that the host slept or that its clock was set. */
const stepMs = 30_000;
/** A fleet with the same schedule does not start in the same second. */
const jitterMs = 4_000;
/** After a start or wake the network may need a moment. */
const settleMs = 60_000;
/** A fire that is later than this was missed, not merely held up by step and jitter. */
const lateMs = 2 * (stepMs + jitterMs);
const previewed = 5;

export function createScheduler(deps: SchedulerDeps): Scheduler {
  const { clock, random, log, store, tz } = deps;
  let schedules: readonly Schedule[] = [];
  /** When a schedule that is due really starts. */
  const starts = new Map<string, number>();
  let cancel: Cancel = () => {};
  let running = false;

  function plan({ id, cron }: Schedule): void {
    starts.delete(id);
    const zone = tz();
    const at = nextOf(id, cron, zone);
    if (at === null) store.remove(id);
    else store.set({ scheduleId: id, cron, tz: zone, at });
  }

  function nextOf(id: string, cron: string, zone: string): number | null {
    try {
      return nextRun(cron, clock.now(), zone);
    } catch (error) {
      log.error("A schedule cannot be read and does not fire", {
        schedule_id: id,
        error,
      });
      return null;
    }
  }

  function tick(): void {
    cancel();
    let wait = stepMs;
    try {
      look();
      wait = untilNext();
    } catch (error) {
      // A full disk must not end the agent: its backups may be what is needed next.
      log.error("The schedules could not be looked at; it is tried again", {
        error,
      });
    }
    cancel = clock.after(wait, tick);
  }

  function look(): void {
    const zone = tz();
    for (const { schedule, fire } of planned()) {
      if (fire.tz !== zone) replan(schedule);
      else if (fire.at <= clock.now()) startWhenDue(schedule, fire);
    }
  }

  function planned(): { schedule: Schedule; fire: NextFire }[] {
    return store.list().flatMap((fire) => {
      const schedule = schedules.find(({ id }) => id === fire.scheduleId);
      return schedule === undefined ? [] : [{ schedule, fire }];
    });
  }

  function untilNext(): number {
    const next = planned().map(
      ({ fire }) => starts.get(fire.scheduleId) ?? fire.at,
    );
    return Math.max(0, Math.min(stepMs, ...next.map((at) => at - clock.now())));
  }

  function replan(schedule: Schedule): void {
    plan(schedule);
    deps.onPlanned();
  }

  function startWhenDue(schedule: Schedule, fire: NextFire): void {
    const now = clock.now();
    const missed = now - fire.at > lateMs;
    const start =
      starts.get(schedule.id) ??
      now + (missed ? settleMs : random.fraction() * jitterMs);
    starts.set(schedule.id, start);
    if (now < start) return;
    if (missed)
      log.info("A missed schedule is caught up, once", {
        schedule_id: schedule.id,
      });
    // First the plan: however many fires were missed, and whatever happens now, the next one is in the future.
    plan(schedule);
    deps.onFire(schedule);
    deps.onPlanned();
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
        starts.delete(id);
      }
      // Another time is a new plan, which has missed nothing.
      for (const schedule of schedules)
        if (known.get(schedule.id)?.cron !== schedule.cron) plan(schedule);
      if (running) tick();
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
      running = true;
      tick();
    },
    stop() {
      running = false;
      cancel();
    },
  };
}
