import type { Migration } from "./migration.ts";

/** What people should know of, and how they are told. */
export const alerts: Migration = {
  name: "0004-alerts",
  statements: [
    `CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    host_id TEXT REFERENCES hosts (id) ON DELETE CASCADE,
    repository_id TEXT REFERENCES repositories (id) ON DELETE CASCADE,
    job_id TEXT REFERENCES jobs (id) ON DELETE SET NULL,
    severity TEXT NOT NULL CHECK (severity IN ('warning', 'critical')),
    message TEXT NOT NULL,
    cause TEXT NOT NULL,
    raised_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    acknowledged_at TEXT,
    acknowledged_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    resolved_at TEXT,
    resolved_by TEXT REFERENCES users (id) ON DELETE SET NULL
  ) STRICT`,
    `CREATE UNIQUE INDEX alerts_unresolved ON alerts (kind, subject) WHERE resolved_at IS NULL`,
    `CREATE INDEX alerts_by_subject ON alerts (kind, subject, id)`,
    `CREATE INDEX alerts_by_host ON alerts (host_id)`,
    `CREATE INDEX alerts_by_repository ON alerts (repository_id)`,
    `CREATE INDEX alerts_by_job ON alerts (job_id)`,
    `CREATE INDEX alerts_by_end ON alerts (resolved_at)`,
    `CREATE TABLE notification_channels (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE,
    kind TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    severities TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    last_delivered_at TEXT,
    last_error TEXT
  ) STRICT`,
    `CREATE TABLE notifications (
    id TEXT PRIMARY KEY,
    channel_id TEXT NOT NULL REFERENCES notification_channels (id) ON DELETE CASCADE,
    alert_id TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    notice TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at TEXT NOT NULL,
    created_at TEXT NOT NULL
  ) STRICT`,
    `CREATE INDEX notifications_waiting ON notifications (channel_id, id) WHERE state = 'waiting'`,
    `CREATE INDEX notifications_by_alert ON notifications (alert_id)`,
    `CREATE INDEX notifications_by_time ON notifications (created_at)`,
  ],
};
