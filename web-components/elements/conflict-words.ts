import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";

const coarser = {
  hourly: "once a day or less",
  daily: "once a week or less",
  weekly: "once a month or less",
  monthly: "once a year or less",
} as const;

/** Why a keep rule is of no use; empty when each is of some. */
export function conflictWords(conflict: SourceGroup["conflict"]): string {
  return conflict === null
    ? ""
    : `Keeping ${conflict} snapshots adds nothing: the schedules of this group back it up ${coarser[conflict]}.`;
}
