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
  const runs: number[] = [];
  for (
    let at = nextRun(cron, from, tz);
    at !== null && runs.length < count;
    at = nextRun(cron, at, tz)
  )
    runs.push(at);
  return runs;
}
