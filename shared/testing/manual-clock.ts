import type { Cancel, Clock } from "../clock.ts";

export interface ManualClock extends Clock {
  /** Moves time forward, running every due task in order, and lets promises settle after each. */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock without running tasks, as a person or NTP would. */
  set(ms: number): void;
  /** How many tasks wait. */
  pending(): number;
}

/** A clock that moves only when told, starting at `start` (milliseconds, default 2026-01-01T00:00:00Z). */
export function createManualClock(
  start: number = Date.UTC(2026, 0, 1),
): ManualClock {
  let now = start;
  let order = 0;
  const tasks = new Map<number, { at: number; task: () => void }>();

  async function settle(): Promise<void> {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  }

  return {
    now: () => now,
    after(ms, task): Cancel {
      const id = order++;
      tasks.set(id, { at: now + ms, task });
      return () => void tasks.delete(id);
    },
    async advance(ms) {
      const end = now + ms;
      for (;;) {
        const due = [...tasks]
          .filter(([, t]) => t.at <= end)
          .sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0];
        if (due === undefined) break;
        tasks.delete(due[0]);
        now = Math.max(now, due[1].at);
        due[1].task();
        await settle();
      }
      now = end;
      await settle();
    },
    set(ms) {
      now = ms;
    },
    pending: () => tasks.size,
  };
}
