import type { Clock } from "@restic-manager/shared/clock.ts";

/** The machine's own time: the only place of the agent that asks for it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};
