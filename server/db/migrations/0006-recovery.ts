import type { Migration } from "./migration.ts";

/** What is in snapshots and whose they are, and keys that restores on other hosts used. */
export const recovery: Migration = {
  name: "0006-recovery",
  statements: [
    `ALTER TABLE hosts ADD COLUMN index_enabled INTEGER NOT NULL DEFAULT 1`,
    `ALTER TABLE repositories ADD COLUMN index_generation TEXT NOT NULL DEFAULT ''`,
    `CREATE TABLE trees (
    repository_id TEXT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    packed BLOB NOT NULL,
    PRIMARY KEY (repository_id, id)
  ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE snapshot_trees (
    repository_id TEXT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    snapshot_id TEXT NOT NULL,
    host_id TEXT REFERENCES hosts (id) ON DELETE SET NULL,
    asked INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL CHECK (state IN ('indexing', 'ready', 'failed')),
    message TEXT,
    root TEXT,
    files INTEGER,
    bytes INTEGER,
    trees_received INTEGER NOT NULL DEFAULT 0,
    stored_trees INTEGER NOT NULL DEFAULT 0,
    stored_bytes INTEGER NOT NULL DEFAULT 0,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (repository_id, snapshot_id)
  ) STRICT, WITHOUT ROWID`,
    `CREATE INDEX snapshot_trees_by_host ON snapshot_trees (host_id)`,
    `CREATE TABLE temporary_keys (
    id TEXT PRIMARY KEY,
    repository_id TEXT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    job_id TEXT REFERENCES jobs (id) ON DELETE SET NULL,
    keeper_host_id TEXT REFERENCES hosts (id) ON DELETE SET NULL,
    restic_key_id TEXT,
    made_at TEXT NOT NULL,
    remove_after TEXT NOT NULL,
    last_error TEXT
  ) STRICT`,
    `CREATE INDEX temporary_keys_by_repository ON temporary_keys (repository_id)`,
    `CREATE INDEX temporary_keys_by_job ON temporary_keys (job_id)`,
    `CREATE INDEX temporary_keys_by_keeper ON temporary_keys (keeper_host_id)`,
    `ALTER TABLE snapshots ADD COLUMN shared_name INTEGER NOT NULL DEFAULT 0`,
    `CREATE INDEX snapshots_of_shared_names ON snapshots (repository_id) WHERE shared_name = 1`,
    `CREATE INDEX jobs_by_snapshot ON jobs (snapshot_id) WHERE snapshot_id IS NOT NULL`,
  ],
};
