import type { Migration } from "./migration.ts";

/** Hooks, upkeep of repositories, and what schedules missed. */
export const upkeep: Migration = {
  name: "0005-upkeep",
  statements: [
    `ALTER TABLE hosts ADD COLUMN hook_timeout_s INTEGER`,
    `ALTER TABLE hosts ADD COLUMN clock_skew_ms INTEGER NOT NULL DEFAULT 0`,
    `ALTER TABLE source_groups ADD COLUMN hook_timeout_s INTEGER`,
    `ALTER TABLE source_groups DROP COLUMN conflict_dimension`,
    // Nobody could choose before.
    `UPDATE source_groups SET retry_max = 3 WHERE retry_max = 0`,
    // What agents hold lacks limits, hooks and retries.
    `UPDATE hosts SET cfg_rev = cfg_rev + 1 WHERE cfg_rev > 0`,
    `ALTER TABLE jobs ADD COLUMN params TEXT`,
    `ALTER TABLE jobs ADD COLUMN sent_at TEXT`,
    `DROP INDEX jobs_by_repository`,
    `CREATE INDEX jobs_by_repository ON jobs (repository_id, kind, queued_at)`,
    `CREATE INDEX jobs_by_kind ON jobs (kind, id)`,
    `ALTER TABLE repository_stats ADD COLUMN locks TEXT`,
    `ALTER TABLE repository_stats ADD COLUMN last_forget_at TEXT`,
    `ALTER TABLE repository_maintenance ADD COLUMN handled TEXT NOT NULL DEFAULT '{}'`,
    `ALTER TABLE repository_maintenance ADD COLUMN skipped TEXT NOT NULL DEFAULT '{}'`,
    `CREATE TABLE missed_fires (
    id TEXT PRIMARY KEY,
    host_id TEXT NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
    schedule_id TEXT NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
    source_group_id TEXT REFERENCES source_groups (id) ON DELETE CASCADE,
    reason TEXT NOT NULL,
    first_due_at TEXT NOT NULL,
    last_due_at TEXT NOT NULL,
    count INTEGER NOT NULL,
    caught_up_by TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    received_at TEXT NOT NULL
  ) STRICT`,
    `CREATE INDEX missed_fires_by_schedule ON missed_fires (schedule_id, last_due_at)`,
    `CREATE INDEX missed_fires_by_host ON missed_fires (host_id)`,
    `CREATE INDEX missed_fires_by_source_group ON missed_fires (source_group_id)`,
    `CREATE INDEX repository_maintenance_by_runner ON repository_maintenance (runner_host_id)`,
  ],
};
