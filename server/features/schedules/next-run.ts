/**
 * The first fire of a cron text after `from` (milliseconds) in a zone, or null when it never fires: the text or the zone
 * is not valid, or it names a date that does not exist. The same engine as the agent's.
 */
export function nextRun(cron: string, from: number, tz: string): number | null {
  try {
    return Bun.cron.parse(cron, from, { tz })?.getTime() ?? null;
  } catch {
    return null;
  }
}
