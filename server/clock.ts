import type { Clock } from "@restic-manager/shared/clock.ts";

/** Time in one place: the machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};
