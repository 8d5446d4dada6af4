import type { NextRun } from "../schedules/next-run.ts";

export interface Waiting {
  readonly cron: string;
  readonly tz: string;
  /** Since when a success is waited for, in milliseconds. */
  readonly since: number;
  readonly alwaysOn: boolean;
}

/** An intermittent host may be away for a while. */
const awayMs = 7 * 24 * 60 * 60 * 1000;

/**
 * Whether the success a schedule should have brought is missing: one and a half intervals have passed, and at least half
 * of one since the first fire that brought none, so that a pause in the schedule's own pattern is none.
 */
export function isOverdue(
  { cron, tz, since, alwaysOn }: Waiting,
  now: number,
  nextRun: NextRun,
): boolean {
  const first = nextRun(cron, since, tz);
  if (first === null || first >= now) return false;
  const second = nextRun(cron, first, tz);
  if (second === null) return false;
  const interval = second - first;
  const due = Math.max(first + interval / 2, since + 1.5 * interval);
  return now > (alwaysOn ? due : Math.max(due, since + awayMs));
}
