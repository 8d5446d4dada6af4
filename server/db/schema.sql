CREATE TABLE agent_events (
    host_id TEXT NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    PRIMARY KEY (host_id, epoch, seq)
  ) STRICT, WITHOUT ROWID;

CREATE TABLE agent_streams (
    host_id TEXT NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
    epoch TEXT NOT NULL,
    committed_seq INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (host_id, epoch)
  ) STRICT, WITHOUT ROWID;

CREATE TABLE alerts (
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
  ) STRICT;

CREATE TABLE audit_log (
    id TEXT PRIMARY KEY,
    ts TEXT NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('user', 'agent', 'system', 'plugin')),
    actor_id TEXT,
    actor_name TEXT,
    ip TEXT,
    request_id TEXT,
    action TEXT NOT NULL,
    target_kind TEXT,
    target_id TEXT,
    payload TEXT NOT NULL DEFAULT '{}'
  ) STRICT;

CREATE TABLE enrolment_tokens (
    id TEXT PRIMARY KEY,
    token_sha256 TEXT NOT NULL,
    hostname TEXT NOT NULL,
    tags TEXT NOT NULL,
    repository_url TEXT NOT NULL,
    sealed BLOB,
    created_by TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT,
    host_id TEXT REFERENCES hosts (id) ON DELETE SET NULL
  ) STRICT;

CREATE TABLE former_keys (
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    host_id TEXT NOT NULL,
    host_name TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    since TEXT NOT NULL,
    until TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('rotated', 'removed')),
    PRIMARY KEY (public_key, host_id)
  ) STRICT, WITHOUT ROWID;

CREATE TABLE host_repositories (
    host_id TEXT NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
    repository_id TEXT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    is_default INTEGER NOT NULL DEFAULT 0, first_use TEXT CHECK (first_use IN ('existing', 'create')),
    PRIMARY KEY (host_id, repository_id)
  ) STRICT, WITHOUT ROWID;

CREATE TABLE hosts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE,
    hostname TEXT NOT NULL,
    os TEXT NOT NULL,
    os_version TEXT NOT NULL DEFAULT '',
    arch TEXT NOT NULL,
    tz TEXT NOT NULL,
    boot_time TEXT,
    agent_version TEXT NOT NULL,
    agent_commit TEXT NOT NULL DEFAULT '',
    restic TEXT,
    public_key BLOB NOT NULL UNIQUE CHECK (length(public_key) = 32),
    fingerprint TEXT NOT NULL,
    x25519 BLOB NOT NULL CHECK (length(x25519) = 32),
    status TEXT NOT NULL DEFAULT 'offline' CHECK (status IN ('online', 'offline')),
    last_seen_at TEXT,
    always_on INTEGER NOT NULL DEFAULT 1,
    tags TEXT NOT NULL DEFAULT '[]',
    bandwidth_up_kbps INTEGER,
    bandwidth_down_kbps INTEGER,
    pre_hook BLOB,
    post_hook BLOB,
    hook_shell TEXT,
    cfg_rev INTEGER NOT NULL DEFAULT 0,
    applied_cfg_rev INTEGER NOT NULL DEFAULT 0,
    announced_from_ip TEXT NOT NULL,
    approved_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    approved_at TEXT NOT NULL,
    created_at TEXT NOT NULL
  , identity_conflict TEXT, hook_timeout_s INTEGER, clock_skew_ms INTEGER NOT NULL DEFAULT 0, index_enabled INTEGER NOT NULL DEFAULT 1) STRICT;

CREATE TABLE job_logs (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    ts TEXT NOT NULL,
    stream TEXT NOT NULL,
    kind TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (job_id, seq)
  ) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    host_id TEXT NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    schedule_id TEXT REFERENCES schedules (id) ON DELETE SET NULL,
    source_group_id TEXT REFERENCES source_groups (id) ON DELETE SET NULL,
    repository_id TEXT REFERENCES repositories (id) ON DELETE SET NULL,
    due_at TEXT,
    queued_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT,
    cancel_requested_at TEXT,
    exit_code INTEGER,
    stats TEXT,
    snapshot_id TEXT,
    command TEXT,
    log_lines INTEGER,
    error_code TEXT,
    error TEXT
  , params TEXT, sent_at TEXT) STRICT;

CREATE TABLE keys (
    name TEXT PRIMARY KEY,
    sealed BLOB NOT NULL,
    updated_at TEXT NOT NULL
  ) STRICT;

CREATE TABLE missed_fires (
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
  ) STRICT;

CREATE TABLE notification_channels (
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
  ) STRICT;

CREATE TABLE notifications (
    id TEXT PRIMARY KEY,
    channel_id TEXT NOT NULL REFERENCES notification_channels (id) ON DELETE CASCADE,
    alert_id TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    notice TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at TEXT NOT NULL,
    created_at TEXT NOT NULL
  ) STRICT;

CREATE TABLE pending_hosts (
    id TEXT PRIMARY KEY,
    hostname TEXT NOT NULL,
    os TEXT NOT NULL,
    arch TEXT NOT NULL,
    tz TEXT NOT NULL,
    agent_version TEXT NOT NULL,
    restic_version TEXT,
    public_key BLOB NOT NULL UNIQUE CHECK (length(public_key) = 32),
    fingerprint TEXT NOT NULL,
    x25519 BLOB NOT NULL CHECK (length(x25519) = 32),
    document TEXT NOT NULL,
    signature BLOB NOT NULL,
    nonce TEXT,
    proved_at TEXT,
    announced_from_ip TEXT NOT NULL,
    first_seen_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    decision TEXT CHECK (decision IN ('approved', 'rejected')),
    decided_at TEXT,
    host_id TEXT REFERENCES hosts (id) ON DELETE CASCADE
  ) STRICT;

CREATE TABLE repositories (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    append_only TEXT NOT NULL DEFAULT 'no' CHECK (append_only IN ('no', 'claimed', 'proven')),
    status TEXT NOT NULL DEFAULT 'unknown',
    status_code TEXT,
    status_message TEXT,
    status_at TEXT,
    restic_id TEXT,
    snapshots_rev TEXT,
    snapshots_refreshed_at TEXT,
    created_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
  , index_generation TEXT NOT NULL DEFAULT '') STRICT;

CREATE TABLE repository_credentials (
    id TEXT PRIMARY KEY,
    repository_id TEXT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    host_id TEXT REFERENCES hosts (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('repo', 'admin')),
    sealed BLOB NOT NULL,
    updated_at TEXT NOT NULL
  ) STRICT;

CREATE TABLE repository_maintenance (
    repository_id TEXT PRIMARY KEY REFERENCES repositories (id) ON DELETE CASCADE,
    forget_cron TEXT NOT NULL,
    forget_enabled INTEGER NOT NULL,
    prune_cron TEXT NOT NULL,
    prune_enabled INTEGER NOT NULL,
    check_cron TEXT NOT NULL,
    check_enabled INTEGER NOT NULL,
    check_subset_pct INTEGER NOT NULL CHECK (check_subset_pct BETWEEN 0 AND 100),
    runner_host_id TEXT REFERENCES hosts (id) ON DELETE SET NULL
  , handled TEXT NOT NULL DEFAULT '{}', skipped TEXT NOT NULL DEFAULT '{}') STRICT;

CREATE TABLE repository_stats (
    repository_id TEXT PRIMARY KEY REFERENCES repositories (id) ON DELETE CASCADE,
    total_size INTEGER,
    raw_size INTEGER,
    dedup_ratio REAL,
    snapshot_count INTEGER,
    last_check_at TEXT,
    last_check_status TEXT,
    last_prune_at TEXT,
    lock_present INTEGER,
    lock_holder TEXT,
    updated_at TEXT NOT NULL
  , locks TEXT, last_forget_at TEXT) STRICT;

CREATE TABLE schedule_source_groups (
    schedule_id TEXT NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
    source_group_id TEXT NOT NULL REFERENCES source_groups (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (schedule_id, source_group_id)
  ) STRICT, WITHOUT ROWID;

CREATE TABLE schedules (
    id TEXT PRIMARY KEY,
    host_id TEXT NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
    cron TEXT NOT NULL,
    enabled INTEGER NOT NULL DEFAULT 1,
    next_fires TEXT NOT NULL DEFAULT '[]',
    problem TEXT,
    last_fired_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
  ) STRICT;

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    token_sha256 TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    ip TEXT NOT NULL,
    user_agent TEXT NOT NULL
  ) STRICT;

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at TEXT NOT NULL
  ) STRICT;

CREATE TABLE snapshot_parts (
    host_id TEXT NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
    repository_id TEXT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    rev TEXT NOT NULL,
    part INTEGER NOT NULL,
    "of" INTEGER NOT NULL,
    payload TEXT NOT NULL,
    received_at TEXT NOT NULL,
    PRIMARY KEY (host_id, repository_id, rev, part)
  ) STRICT;

CREATE TABLE snapshot_trees (
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
  ) STRICT, WITHOUT ROWID;

CREATE TABLE snapshots (
    repository_id TEXT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    host_id TEXT REFERENCES hosts (id) ON DELETE SET NULL,
    snapshot_id TEXT NOT NULL,
    short_id TEXT NOT NULL,
    time TEXT NOT NULL,
    paths TEXT NOT NULL,
    tags TEXT NOT NULL,
    hostname TEXT NOT NULL,
    username TEXT,
    parent TEXT,
    size_bytes INTEGER,
    file_count INTEGER, shared_name INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (repository_id, snapshot_id)
  ) STRICT;

CREATE TABLE source_groups (
    id TEXT PRIMARY KEY,
    host_id TEXT NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
    repository_id TEXT REFERENCES repositories (id),
    name TEXT NOT NULL,
    includes TEXT NOT NULL,
    excludes TEXT NOT NULL DEFAULT '[]',
    exclude_caches INTEGER NOT NULL DEFAULT 1,
    one_file_system INTEGER NOT NULL DEFAULT 0,
    retention TEXT NOT NULL DEFAULT '{}',
    retry_max INTEGER NOT NULL DEFAULT 0,
    retry_backoff_s INTEGER NOT NULL DEFAULT 60,
    pre_hook BLOB,
    post_hook BLOB,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL, hook_timeout_s INTEGER,
    UNIQUE (host_id, name)
  ) STRICT;

CREATE TABLE temporary_keys (
    id TEXT PRIMARY KEY,
    repository_id TEXT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    job_id TEXT REFERENCES jobs (id) ON DELETE SET NULL,
    keeper_host_id TEXT REFERENCES hosts (id) ON DELETE SET NULL,
    restic_key_id TEXT,
    made_at TEXT NOT NULL,
    remove_after TEXT NOT NULL,
    last_error TEXT
  ) STRICT;

CREATE TABLE trees (
    repository_id TEXT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    packed BLOB NOT NULL,
    PRIMARY KEY (repository_id, id)
  ) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    email TEXT,
    role TEXT NOT NULL,
    password_hash TEXT,
    auth_source TEXT NOT NULL CHECK (auth_source IN ('local', 'oidc')),
    oidc_subject TEXT UNIQUE,
    disabled_at TEXT,
    must_change_password INTEGER NOT NULL DEFAULT 0,
    last_login_at TEXT,
    created_at TEXT NOT NULL
  ) STRICT;

CREATE INDEX alerts_by_end ON alerts (resolved_at);

CREATE INDEX alerts_by_host ON alerts (host_id);

CREATE INDEX alerts_by_job ON alerts (job_id);

CREATE INDEX alerts_by_repository ON alerts (repository_id);

CREATE INDEX alerts_by_subject ON alerts (kind, subject, id);

CREATE UNIQUE INDEX alerts_unresolved ON alerts (kind, subject) WHERE resolved_at IS NULL;

CREATE INDEX audit_log_by_target ON audit_log (target_kind, target_id);

CREATE INDEX enrolment_tokens_by_expiry ON enrolment_tokens (expires_at);

CREATE INDEX former_keys_by_host ON former_keys (host_id, until);

CREATE INDEX host_repositories_by_repository ON host_repositories (repository_id);

CREATE UNIQUE INDEX host_repositories_one_default ON host_repositories (host_id) WHERE is_default = 1;

CREATE INDEX jobs_by_end ON jobs (finished_at);

CREATE INDEX jobs_by_host ON jobs (host_id, queued_at);

CREATE INDEX jobs_by_kind ON jobs (kind, id);

CREATE INDEX jobs_by_repository ON jobs (repository_id, kind, queued_at);

CREATE INDEX jobs_by_schedule ON jobs (schedule_id);

CREATE INDEX jobs_by_snapshot ON jobs (snapshot_id) WHERE snapshot_id IS NOT NULL;

CREATE INDEX jobs_by_source_group ON jobs (source_group_id, queued_at);

CREATE INDEX jobs_by_time ON jobs (queued_at);

CREATE INDEX jobs_open ON jobs (host_id, status) WHERE finished_at IS NULL;

CREATE INDEX missed_fires_by_host ON missed_fires (host_id);

CREATE INDEX missed_fires_by_schedule ON missed_fires (schedule_id, last_due_at);

CREATE INDEX missed_fires_by_source_group ON missed_fires (source_group_id);

CREATE INDEX notifications_by_alert ON notifications (alert_id);

CREATE INDEX notifications_by_time ON notifications (created_at);

CREATE INDEX notifications_waiting ON notifications (channel_id, id) WHERE state = 'waiting';

CREATE INDEX pending_hosts_by_expiry ON pending_hosts (expires_at);

CREATE UNIQUE INDEX repository_credentials_of_host
    ON repository_credentials (repository_id, kind, host_id) WHERE host_id IS NOT NULL;

CREATE UNIQUE INDEX repository_credentials_shared
    ON repository_credentials (repository_id, kind) WHERE host_id IS NULL;

CREATE INDEX repository_maintenance_by_runner ON repository_maintenance (runner_host_id);

CREATE INDEX schedule_source_groups_by_group ON schedule_source_groups (source_group_id);

CREATE INDEX schedules_by_host ON schedules (host_id);

CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE INDEX snapshot_trees_by_host ON snapshot_trees (host_id);

CREATE INDEX snapshots_by_host ON snapshots (host_id, time);

CREATE INDEX snapshots_of_shared_names ON snapshots (repository_id) WHERE shared_name = 1;

CREATE INDEX source_groups_by_repository ON source_groups (repository_id);

CREATE INDEX temporary_keys_by_job ON temporary_keys (job_id);

CREATE INDEX temporary_keys_by_keeper ON temporary_keys (keeper_host_id);

CREATE INDEX temporary_keys_by_repository ON temporary_keys (repository_id);

CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
