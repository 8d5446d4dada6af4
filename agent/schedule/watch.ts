import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";

/** Looks at the wall clock at least this often: timers do not notice that the host slept or that its clock was set. */
const stepMs = 10_000;
/** What comes later than this was missed, not merely held up by step, jitter and a busy machine. */
export const lateMs = 60_000;
/** After a start or wake the network may need a moment. */
export const settleMs = 60_000;

export interface Watch {
  /** Looks now, and from now on. */
  look(): void;
  stop(): void;
}

export interface WatchDeps {
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Does what is due by the wall clock. @param slept whether the host slept, or its clock was set forward, since the last look
   * @returns when the next thing is due
   */
  readonly look: (slept: boolean) => number;
}

/** Calls `look` when something is due by the wall clock. */
export function createWatch({ clock, log, look }: WatchDeps): Watch {
  let cancel: Cancel = () => {};
  let expectedAt: number | null = null;

  function tick(): void {
    cancel();
    const now = clock.now();
    const slept = expectedAt !== null && now - expectedAt > lateMs;
    let next = now + stepMs;
    try {
      next = look(slept);
    } catch (error) {
      // A full disk must not end the agent: its backups may be what is needed next.
      log.error("The schedules could not be looked at; it is tried again", {
        error,
      });
    }
    const wait = Math.max(0, Math.min(stepMs, next - clock.now()));
    expectedAt = clock.now() + wait;
    cancel = clock.after(wait, tick);
  }

  return { look: tick, stop: () => cancel() };
}

/**
 * When each thing that is due may start. What is late waits for a moment, anew when the host sleeps again meanwhile. An
 * instant further ahead than any wait is that of a wrong clock, and counts for nothing.
 */
export interface Starts {
  /** @param waitMs `settleMs` at most */
  at(key: string, waitMs: number, again: boolean): number;
  known(key: string): number | undefined;
  forget(key: string): void;
}

export function createStarts(clock: Clock): Starts {
  const starts = new Map<string, number>();
  function knownAt(key: string): number | undefined {
    const start = starts.get(key);
    return (start ?? Infinity) <= clock.now() + settleMs ? start : undefined;
  }
  return {
    at(key, waitMs, again) {
      const known = knownAt(key);
      if (known !== undefined && !again) return known;
      const start = clock.now() + waitMs;
      starts.set(key, start);
      return start;
    },
    known: knownAt,
    forget: (key) => void starts.delete(key),
  };
}
