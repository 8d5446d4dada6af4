import { toTimestamp } from "@restic-manager/shared/clock.ts";
import { cronRangeFault } from "@restic-manager/shared/domain/cron-range.ts";
import { takeRuns } from "@restic-manager/shared/domain/runs.ts";

export type NextRun = typeof nextRun;

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

const previewed = 5;

/** The next fires, as people are shown them. */
export function previewRuns(cron: string, from: number, tz: string): string[] {
  return takeRuns((at) => nextRun(cron, at, tz), from, previewed).map(
    toTimestamp,
  );
}

/** Why a cron text never fires, for a person; null when it does. */
export function cronProblem(cron: string, from: number): string | null {
  const fault = cronRangeFault(cron);
  if (fault !== null) return fault;
  try {
    return Bun.cron.parse(cron, from, { tz: "UTC" }) === null
      ? "Name a date that exists."
      : null;
  } catch (error) {
    const reason = String(error).replace(/^.*cron expression: /i, "");
    return `It cannot be read: ${reason}.`;
  }
}
