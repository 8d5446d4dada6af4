import type { HostHealth } from "@restic-manager/shared/api/hosts.ts";
import type { JobState } from "@restic-manager/shared/domain/job.ts";

export interface HealthFacts {
  readonly online: boolean;
  /** False: a host that is away as a matter of course. */
  readonly alwaysOn: boolean;
  /** How the last backup ended that nobody cancelled; null before the first. */
  readonly lastBackup: JobState | null;
  /** A job has been queued, sent or started, and has not ended. */
  readonly busy: boolean;
}

/** What about a host needs attention first, in the order of `hostHealth`. */
export function healthOf(facts: HealthFacts): HostHealth {
  if (facts.lastBackup === "failed" || facts.lastBackup === "lost")
    return "failed";
  if (!facts.online && facts.alwaysOn) return "offline";
  if (facts.lastBackup === "succeeded_with_issues") return "degraded";
  if (facts.online && facts.busy) return "running";
  if (facts.lastBackup === null) return "no_backup";
  return facts.online ? "healthy" : "asleep";
}
