import type { NextRun } from "../schedules/next-run.ts";

/** The next fire, in UTC for a host whose zone this machine does not know: late is better than never. */
export function nextFire(
  nextRun: NextRun,
  cron: string,
  from: number,
  tz: string,
): number | null {
  return nextRun(cron, from, tz) ?? nextRun(cron, from, "UTC");
}

export interface Watched {
  readonly cron: string;
  readonly tz: string;
  /** Up to when every fire was dealt with. */
  readonly handled: string | undefined;
}

/**
 * The first fire that nobody has dealt with; null for none. `reset`: what was dealt with is not known, or lies ahead
 * because the clock was set back, and watching begins now.
 */
export function dueFire(
  { cron, tz, handled }: Watched,
  now: number,
  nextRun: NextRun,
): number | "reset" | null {
  if (handled === undefined || Date.parse(handled) > now) return "reset";
  const fire = nextFire(nextRun, cron, Date.parse(handled), tz);
  return fire !== null && fire <= now ? fire : null;
}
