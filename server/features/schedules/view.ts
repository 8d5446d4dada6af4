import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type {
  Schedule,
  ScheduleSpec,
} from "@restic-manager/shared/api/schedules.ts";
import { revisionOf } from "../../revision.ts";
import type { MissedFires } from "./missed-store.ts";
import { previewRuns } from "./next-run.ts";
import type { ScheduleRecord } from "./store.ts";

export const shownMissedMs = 30 * 24 * 60 * 60 * 1000;

/** A schedule as the dashboard shows it. */
export function scheduleView(
  record: ScheduleRecord,
  missed: MissedFires[],
  now: number,
): Schedule {
  return {
    id: record.id,
    ...storedOf(record),
    tz: record.tz,
    next: nextOf(record, now),
    problem: record.problem,
    missed,
    applied: record.applied,
    revision: revisionOf(storedOf(record)),
  };
}

/** What a person edits of it. */
export function storedOf(
  record: ScheduleRecord,
): Pick<ScheduleSpec, "cron" | "enabled" | "group_ids"> {
  return {
    cron: record.cron,
    enabled: record.enabled === 1,
    group_ids: [...record.groupIds],
  };
}

/**
 * The fires as the agent worked them out. While it is out of reach it goes on firing by what it knows, beyond the few it
 * told of: then they are worked out here.
 */
function nextOf(record: ScheduleRecord, now: number): string[] {
  const told: string[] = JSON.parse(record.next_fires);
  const ahead = told.filter((fire) => fire > toTimestamp(now));
  if (ahead.length > 0 || told.length === 0) return ahead;
  return previewRuns(record.cron, now, record.tz);
}
