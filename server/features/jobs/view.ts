import type { Job } from "@restic-manager/shared/api/jobs.ts";
import { isTerminal, isUpkeep } from "@restic-manager/shared/domain/job.ts";
import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import type { JobRecord } from "./store.ts";

/** A job as the API shows it. */
export function viewJob(record: JobRecord, progress: JobProgress | null): Job {
  const { error_code, error } = record;
  const stats = record.stats === null ? null : JSON.parse(record.stats);
  const { kind } = record;
  return {
    id: record.id,
    host_id: record.host_id,
    host_name: record.host_name,
    kind,
    state: record.status,
    actor: record.actor_kind,
    actor_name: record.actor_name,
    schedule_id: record.schedule_id,
    source_group_id: record.source_group_id,
    source_group_name: record.source_group_name,
    repository_id: record.repository_id,
    repository_name: record.repository_name,
    due_at: record.due_at,
    queued_at: record.queued_at,
    started_at: record.started_at,
    finished_at: record.finished_at,
    exit_code: record.exit_code,
    error:
      error_code === null ? null : { code: error_code, message: error ?? "" },
    stats: kind === "backup" ? stats : null,
    upkeep: isUpkeep(kind) ? stats : null,
    restore: kind === "restore" ? stats : null,
    restore_request:
      kind === "restore" && record.params !== null
        ? JSON.parse(record.params)
        : null,
    snapshot_id: record.snapshot_id,
    command: record.command,
    // The agent's count when it has ended: lines may still be on their way.
    log_lines: record.log_lines ?? record.last_line ?? 0,
    progress: isTerminal(record.status) ? null : progress,
    cancel_requested: record.cancel_requested_at !== null,
  };
}
