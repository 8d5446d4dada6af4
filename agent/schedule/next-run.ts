import { takeRuns } from "@restic-manager/shared/domain/runs.ts";

/**
 * The next instant after `from` (milliseconds since the Unix epoch) at which five cron fields fire in an IANA zone; null
 * when they never do (31 February). A time that a change of the clocks skips fires right after, one that comes twice
 * fires once. Throws when fields or zone cannot be read.
 */
export function nextRun(cron: string, from: number, tz: string): number | null {
  return Bun.cron.parse(cron, from, { tz })?.getTime() ?? null;
}

/** Up to `count` instants, the soonest first. */
export function nextRuns(
  cron: string,
  from: number,
  tz: string,
  count: number,
): number[] {
  return takeRuns((at) => nextRun(cron, at, tz), from, count);
}

/** More fires than this are not counted one by one: every minute for two months. */
const counted = 100_000;

/** How often it fires from `first`, an instant at which it does, up to `now`, and when last. */
export function runsUntil(
  cron: string,
  first: number,
  now: number,
  tz: string,
): { last: number; count: number } {
  const runs = { last: first, count: 1 };
  for (
    let at = nextRun(cron, first, tz);
    at !== null && at <= now && runs.count < counted;
    at = nextRun(cron, at, tz)
  ) {
    runs.last = at;
    runs.count++;
  }
  return runs;
}
