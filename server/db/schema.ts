import type { Generated } from "kysely";
import type {
  JobActor,
  JobKind,
  JobState,
  LogLine,
} from "@restic-manager/shared/domain/job.ts";
import type { RepoStatus } from "@restic-manager/shared/domain/repo.ts";
import type { Role } from "@restic-manager/shared/domain/role.ts";
import type { AnnounceDocument } from "@restic-manager/shared/protocol/announce.ts";
import type * as alerts from "./alert-rows.ts";
import type * as recovery from "./recovery-rows.ts";
import type * as upkeep from "./upkeep-rows.ts";
import type { Flag, Json, Sealed, Timestamp } from "./columns.ts";

/*
 * Row types of every table; `migrations/` makes them, `schema.sql` is the same in SQL.
 *
 * Ids are ULIDs unless said otherwise; what the columns hold is in `columns.ts`.
 */

export interface UserRow {
  id: string;
  username: string;
  email: string | null;
  role: Role;
  /** argon2id in PHC form; null for a user of an identity provider. */
  password_hash: string | null;
  auth_source: "local" | "oidc";
  oidc_subject: string | null;
  disabled_at: Timestamp | null;
  must_change_password: Flag;
  last_login_at: Timestamp | null;
  created_at: Timestamp;
}

export interface SessionRow {
  id: string;
  /** Hex SHA-256 of the cookie's token; the token itself is nowhere. */
  token_sha256: string;
  user_id: string;
  created_at: Timestamp;
  last_seen_at: Timestamp;
  expires_at: Timestamp;
  ip: string;
  user_agent: string;
}

export interface HostRow {
  /** `h` and at least twelve of `a-z0-9`, made by the server: it is a NATS subject token and a JWT name. */
  id: string;
  /** What people call it. Unique, letter case ignored. */
  name: string;
  /** What the machine calls itself, and what restic gets as `--host`. */
  hostname: string;
  os: AnnounceDocument["os"];
  /** Empty until the first hello. */
  os_version: string;
  arch: AnnounceDocument["arch"];
  /** IANA zone, from the announcement, then from hello. */
  tz: string;
  boot_time: Timestamp | null;
  agent_version: string;
  agent_commit: string;
  /** A `ResticInfo`, from hello. */
  restic: Json | null;
  /** Raw Ed25519, 32 bytes. */
  public_key: Uint8Array;
  fingerprint: string;
  /** Raw X25519, 32 bytes: what secrets are sealed to. */
  x25519: Uint8Array;
  status: "online" | "offline";
  last_seen_at: Timestamp | null;
  always_on: Flag;
  tags: Json;
  bandwidth_up_kbps: number | null;
  bandwidth_down_kbps: number | null;
  pre_hook: Sealed | null;
  post_hook: Sealed | null;
  /** Program and arguments; null is the system's shell. */
  hook_shell: Json | null;
  /** Seconds; null is the default. */
  hook_timeout_s: number | null;
  /** How far the host's clock is ahead, from the heartbeat. */
  clock_skew_ms: number;
  index_enabled: Generated<Flag>;
  /** Goes up with every change of what the agent should do. */
  cfg_rev: number;
  /** What the agent says it has applied; drift is the difference. */
  applied_cfg_rev: number;
  announced_from_ip: string;
  approved_by: string | null;
  approved_at: Timestamp;
  created_at: Timestamp;
  /** An `IdentityConflict`, while several processes speak with the host's key. */
  identity_conflict: Json | null;
}

/** Keys that no longer open anything, so that their holders can be told so. Outlives the host. */
export interface FormerKeyRow {
  /** Raw Ed25519, 32 bytes. */
  public_key: Uint8Array;
  host_id: string;
  /** What the host was called when its key ended. */
  host_name: string;
  fingerprint: string;
  since: Timestamp;
  until: Timestamp;
  reason: "rotated" | "removed";
}

export interface PendingHostRow {
  /** 128 random bits, hex: knowing it is not knowing the key. */
  id: string;
  hostname: string;
  os: AnnounceDocument["os"];
  arch: AnnounceDocument["arch"];
  tz: string;
  agent_version: string;
  restic_version: string | null;
  public_key: Uint8Array;
  fingerprint: string;
  x25519: Uint8Array;
  /** The announce document exactly as it was signed, and its signature. */
  document: string;
  signature: Uint8Array;
  /** The nonce still to be signed; null once used, so that it cannot be used twice. */
  nonce: string | null;
  proved_at: Timestamp | null;
  announced_from_ip: string;
  first_seen_at: Timestamp;
  last_seen_at: Timestamp;
  expires_at: Timestamp;
  /** A decided row is shown to nobody; it stays until it expires so that an interrupted agent learns the answer. */
  decision: "approved" | "rejected" | null;
  decided_at: Timestamp | null;
  /** Set with `approved`. */
  host_id: string | null;
}

export interface RepositoryRow {
  id: string;
  name: string;
  /** Without user and password: those are in `repository_credentials`. */
  url: string;
  append_only: "no" | "claimed" | "proven";
  status: RepoStatus;
  /** Failure code and human sentence of the last failed use; null while ready. */
  status_code: string | null;
  status_message: string | null;
  status_at: Timestamp | null;
  /** restic's own id of the repository. */
  restic_id: string | null;
  /** Which snapshot list is stored (a ULID; an older list never replaces it), and since when. */
  snapshots_rev: string | null;
  snapshots_refreshed_at: Timestamp | null;
  /** Changes when the index was deleted. */
  index_generation: Generated<string>;
  created_by: string | null;
  created_at: Timestamp;
  updated_at: Timestamp;
}

export interface HostRepositoryRow {
  host_id: string;
  repository_id: string;
  is_default: Flag;
  /** How the agent is to open it when it first connects; null once it has. */
  first_use: "existing" | "create" | null;
}

/** One host that may join without being asked about; see `shared/api/tokens.ts`. */
export interface EnrolmentTokenRow {
  id: string;
  /** Hex SHA-256 of the whole token; the token itself is nowhere. */
  token_sha256: string;
  hostname: string;
  tags: Json;
  repository_url: string;
  /** What `SetUpBody` holds, with its secrets; null once used or over. */
  sealed: Sealed | null;
  created_by: string;
  created_at: Timestamp;
  expires_at: Timestamp;
  used_at: Timestamp | null;
  host_id: string | null;
}

export interface RepositoryCredentialRow {
  id: string;
  repository_id: string;
  /** Null: for every host that uses the repository. */
  host_id: string | null;
  kind: "repo" | "admin";
  sealed: Sealed;
  updated_at: Timestamp;
}

export interface SourceGroupRow {
  id: string;
  host_id: string;
  /** Null: the host's default repository. */
  repository_id: string | null;
  /** Unique on the host; the restic tag of its snapshots. */
  name: string;
  includes: Json;
  excludes: Json;
  exclude_caches: Flag;
  one_file_system: Flag;
  retention: Json;
  retry_max: number;
  retry_backoff_s: number;
  pre_hook: Sealed | null;
  post_hook: Sealed | null;
  hook_timeout_s: number | null;
  created_at: Timestamp;
  updated_at: Timestamp;
}

export interface ScheduleRow {
  id: string;
  host_id: string;
  /** Five fields, in the host's zone. */
  cron: string;
  enabled: Flag;
  /** Timestamps as the agent computed them; empty until it said so. */
  next_fires: Json;
  /** Why the agent cannot run it. */
  problem: string | null;
  last_fired_at: Timestamp | null;
  created_at: Timestamp;
  updated_at: Timestamp;
}

export interface ScheduleSourceGroupRow {
  schedule_id: string;
  source_group_id: string;
  /** Groups of one fire run in this order. */
  position: number;
}

export interface JobRow {
  id: string;
  host_id: string;
  kind: JobKind;
  status: JobState;
  actor_kind: JobActor;
  actor_id: string | null;
  schedule_id: string | null;
  source_group_id: string | null;
  repository_id: string | null;
  /** When the schedule meant it to start; null for a job started by hand. */
  due_at: Timestamp | null;
  queued_at: Timestamp;
  /** When a job that had to wait for others was given to its host; null when it went at once. */
  sent_at: Timestamp | null;
  started_at: Timestamp | null;
  finished_at: Timestamp | null;
  cancel_requested_at: Timestamp | null;
  exit_code: number | null;
  /** `backupStats`, `maintenanceStats` of upkeep, or `restoreStats`. */
  stats: Json | null;
  snapshot_id: string | null;
  /** What upkeep was asked to do, or a `restoreRequest`; without secrets. */
  params: Json | null;
  /** As run, without secrets. */
  command: string | null;
  /** How many log lines there are in the end; null while running. */
  log_lines: number | null;
  error_code: string | null;
  error: string | null;
}

export interface JobLogRow {
  job_id: string;
  seq: number;
  ts: Timestamp;
  stream: LogLine["s"];
  kind: LogLine["k"];
  line: string;
}

export interface SnapshotRow {
  repository_id: string;
  /** Null: made by something that is not one of our hosts, or by one of several, and nobody can say which. */
  host_id: string | null;
  snapshot_id: string;
  short_id: string;
  time: Timestamp;
  paths: Json;
  tags: Json;
  hostname: string;
  username: string | null;
  parent: string | null;
  /** Null: this restic does not tell. Not zero. */
  size_bytes: number | null;
  file_count: number | null;
  /** More than one of our hosts may have made it, by its name: from then on only a job says which. */
  shared_name: Generated<Flag>;
}

/** Parts of a snapshot list on their way; replaced into `snapshots` in one transaction when complete. */
export interface SnapshotPartRow {
  host_id: string;
  repository_id: string;
  rev: string;
  part: number;
  of: number;
  payload: Json;
  received_at: Timestamp;
}

/** Triggers refuse UPDATE and DELETE. */
export interface AuditRow {
  id: string;
  ts: Timestamp;
  actor_kind: "user" | "agent" | "system" | "plugin";
  /** User id, host id, or null for the system. */
  actor_id: string | null;
  /** Name of the actor at that time: the row outlives the user. */
  actor_name: string | null;
  ip: string | null;
  request_id: string | null;
  action: string;
  target_kind: string | null;
  target_id: string | null;
  payload: Json;
}

export interface SettingRow {
  key: string;
  value: Json;
  updated_at: Timestamp;
}

/** `server_identity`: the Ed25519 seed commands are signed with. `broker`: all seeds of the broker. */
export interface KeyRow {
  name: "server_identity" | "broker";
  sealed: Sealed;
  updated_at: Timestamp;
}

/** Everything up to `committed_seq` of this epoch is stored; the agent may forget it. */
export interface AgentStreamRow {
  host_id: string;
  epoch: string;
  committed_seq: number;
  updated_at: Timestamp;
}

/**
 * Events above the mark that arrived out of order, as ranges with both ends included: the key makes a second
 * delivery a no-op. Longer than one number only for a `log.gap`.
 */
export interface AgentEventRow {
  host_id: string;
  epoch: string;
  seq: number;
  last_seq: number;
}

export interface Schema {
  users: UserRow;
  sessions: SessionRow;
  hosts: HostRow;
  former_keys: FormerKeyRow;
  pending_hosts: PendingHostRow;
  enrolment_tokens: EnrolmentTokenRow;
  repositories: RepositoryRow;
  host_repositories: HostRepositoryRow;
  repository_credentials: RepositoryCredentialRow;
  source_groups: SourceGroupRow;
  schedules: ScheduleRow;
  schedule_source_groups: ScheduleSourceGroupRow;
  repository_maintenance: upkeep.RepositoryMaintenanceRow;
  missed_fires: upkeep.MissedFireRow;
  trees: recovery.TreeRow;
  snapshot_trees: recovery.SnapshotTreeRow;
  temporary_keys: recovery.TemporaryKeyRow;
  jobs: JobRow;
  job_logs: JobLogRow;
  snapshots: SnapshotRow;
  snapshot_parts: SnapshotPartRow;
  repository_stats: upkeep.RepositoryStatsRow;
  alerts: alerts.AlertRow;
  notification_channels: alerts.NotificationChannelRow;
  notifications: alerts.NotificationRow;
  audit_log: AuditRow;
  settings: SettingRow;
  keys: KeyRow;
  agent_streams: AgentStreamRow;
  agent_events: AgentEventRow;
}
