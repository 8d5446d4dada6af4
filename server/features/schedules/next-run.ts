/**
 * The first fire of a cron text after `from` (milliseconds), reckoned in UTC, or null when it never fires: the text is
 * not valid, or names a date that does not exist. The same engine as the agent's, which fires in its host's zone.
 */
export function nextRun(cron: string, from: number): number | null {
  try {
    return Bun.cron.parse(cron, from, { tz: "UTC" })?.getTime() ?? null;
  } catch {
    return null;
  }
}
