import type { Alert } from "@restic-manager/shared/api/alerts.ts";
import type { AlertRecord } from "./store.ts";

/** An alert as the API shows it. */
export function viewAlert(record: AlertRecord): Alert {
  return {
    id: record.id,
    kind: record.kind,
    severity: record.severity,
    state:
      record.resolved_at !== null
        ? "resolved"
        : record.acknowledged_at !== null
          ? "acknowledged"
          : "open",
    host_id: record.host_id,
    host_name: record.host_name,
    repository_id: record.repository_id,
    repository_name: record.repository_name,
    job_id: record.job_id,
    message: record.message,
    raised_at: record.raised_at,
    last_seen_at: record.last_seen_at,
    acknowledged_at: record.acknowledged_at,
    acknowledged_by: record.acknowledger,
    resolved_at: record.resolved_at,
    resolved_by: record.resolver,
  };
}
