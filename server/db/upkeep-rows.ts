import type { ScheduleMissed } from "@restic-manager/shared/protocol/event.ts";
import type { Flag, Json, Timestamp } from "./columns.ts";

export interface RepositoryMaintenanceRow {
  repository_id: string;
  forget_cron: string;
  forget_enabled: Flag;
  prune_cron: string;
  prune_enabled: Flag;
  check_cron: string;
  check_enabled: Flag;
  check_subset_pct: number;
  /** Null: a host that uses the repository. */
  runner_host_id: string | null;
  /** By kind, the instant up to which every fire was run or skipped. */
  handled: Json;
  /** By kind, the last fire that was skipped: `{at, reason}`. */
  skipped: Json;
}

export interface RepositoryStatsRow {
  repository_id: string;
  total_size: number | null;
  raw_size: number | null;
  dedup_ratio: number | null;
  snapshot_count: number | null;
  last_check_at: Timestamp | null;
  /** `ok` or `errors`. */
  last_check_status: string | null;
  last_prune_at: Timestamp | null;
  last_forget_at: Timestamp | null;
  lock_present: Flag | null;
  /** Who holds the lock and since when, as restic says it. */
  lock_holder: string | null;
  /** `RepositoryLock[]`, as last seen. */
  locks: Json | null;
  updated_at: Timestamp;
}

/** Fires that brought no backup at their time, as the agent says. */
export interface MissedFireRow {
  id: string;
  host_id: string;
  schedule_id: string;
  source_group_id: string | null;
  reason: ScheduleMissed["reason"];
  first_due_at: Timestamp;
  last_due_at: Timestamp;
  count: number;
  /** Job ids. */
  caught_up_by: Json;
  attempts: number;
  received_at: Timestamp;
}
