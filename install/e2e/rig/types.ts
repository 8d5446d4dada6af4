/* What these tests read of the HTTP API's answers. Written anew on purpose: a renamed field must fail here. */

export interface ApiError {
  readonly code: string;
  readonly message: string;
  readonly request_id: string;
  readonly fields?: Readonly<Record<string, { code: string; message: string }>>;
  readonly cause?: string;
}

export interface Pending {
  readonly id: string;
  readonly hostname: string;
  readonly fingerprint: string;
  readonly agent_version: string;
  readonly announced_from_ip: string;
  readonly collision: "none" | "host" | "pending";
}

export interface Host {
  readonly id: string;
  readonly name: string;
  readonly online: boolean;
  readonly last_seen_at: string | null;
  readonly health: string;
  readonly set_up: boolean;
  readonly agent_version: string;
  readonly snapshot_count: number;
  readonly fingerprint: string;
  readonly cfg_rev: number;
  readonly applied_cfg_rev: number;
  readonly restic: {
    readonly version: string | null;
    readonly source: string;
    readonly sha256: string | null;
    readonly problem: string | null;
  } | null;
}

export type JobState =
  | "queued"
  | "sent"
  | "running"
  | "succeeded"
  | "succeeded_with_issues"
  | "failed"
  | "cancelled"
  | "lost";

export type JobKind =
  "backup" | "restore" | "forget" | "prune" | "check" | "unlock" | "init";

export interface Job {
  readonly id: string;
  readonly host_id: string;
  readonly kind: JobKind;
  readonly repository_id: string | null;
  readonly due_at: string | null;
  readonly queued_at: string;
  readonly state: JobState;
  readonly actor: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly exit_code: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly snapshot_id: string | null;
  readonly command: string | null;
  readonly upkeep: {
    readonly snapshots_before?: number;
    readonly snapshots_after?: number;
    readonly locks_left?: number;
  } | null;
  readonly restore: {
    readonly files_restored?: number;
    readonly files_skipped?: number;
    readonly bytes_restored?: number;
    readonly errors?: number;
    readonly target?: string | null;
  } | null;
  readonly restore_request: {
    readonly snapshot_id: string;
    readonly paths: readonly string[];
    readonly from_host_id: string | null;
  } | null;
  readonly log_lines: number;
  readonly progress: {
    readonly percent: number;
    readonly bytes_done: number;
    readonly bytes_total: number;
    readonly files_done: number;
    readonly current_files: readonly string[];
  } | null;
}

export interface LogLine {
  readonly n: number;
  readonly t: string;
  readonly s: string;
  readonly l: string;
  readonly k: string;
}

export interface Snapshot {
  readonly id: string;
  readonly short_id: string;
  readonly hostname: string;
  readonly paths: readonly string[];
  readonly tags: readonly string[];
  readonly own: boolean;
}

export interface Repository {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly status: string;
  readonly repository_id: string | null;
  readonly snapshot_count: number;
  readonly admin: { readonly set: boolean; readonly url: string | null };
  readonly stats: {
    readonly last_check_ok: boolean | null;
    readonly last_prune_at: string | null;
    readonly last_forget_at: string | null;
    readonly locks: readonly {
      readonly hostname: string;
      readonly state: string;
    }[];
  };
  readonly retention: {
    readonly state: "off" | "on" | "not_enforced";
    readonly reason: string | null;
  };
}

export interface SetUp {
  readonly repository: Repository;
  readonly group_id: string;
  readonly schedule_id: string;
  readonly test: {
    readonly created: boolean;
    readonly snapshot_count: number;
    readonly missing_includes: readonly string[];
  };
}

export interface Schedule {
  readonly id: string;
  readonly cron: string;
  readonly enabled: boolean;
  readonly next: readonly string[];
  readonly applied: boolean;
  readonly missed: readonly MissedFires[];
}

export interface MissedFires {
  readonly reason: "agent_down" | "asleep" | "busy" | "abandoned";
  readonly first_due_at: string;
  readonly last_due_at: string;
  readonly count: number;
  readonly caught_up_by: readonly string[];
}

export interface Alert {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly host_name: string | null;
  readonly repository_name: string | null;
  readonly message: string;
}

export interface Version {
  readonly version: string;
  readonly commit: string;
  readonly commit_date: string;
  readonly server_key: string;
}

export interface Session {
  readonly user: { readonly username: string; readonly role: string } | null;
  readonly csrf_token: string | null;
}

/** Something in a snapshot. */
export interface Entry {
  readonly n: string;
  readonly t: "dir" | "file" | "symlink" | "other";
  readonly s: number;
  readonly m: number;
}

export interface Folder {
  readonly path: string;
  readonly entries: readonly Entry[];
  readonly total: number;
  readonly next_cursor: string | null;
}

export interface SnapshotIndex {
  readonly state: "none" | "indexing" | "ready" | "failed";
  readonly message: string | null;
  readonly files: number | null;
  readonly bytes: number | null;
}

export interface ChangeSum {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly bytes_added: number;
  readonly bytes_removed: number;
}

export interface Diff {
  readonly sum: ChangeSum;
  readonly entries: readonly {
    readonly n: string;
    readonly kind: "added" | "removed" | "changed";
    readonly sum: ChangeSum | null;
  }[];
}

export interface RestoreCheck {
  readonly target: string | null;
  readonly target_state: "absent" | "empty" | "not_empty" | "not_writable";
  readonly space_free: number | null;
  readonly space_needed: number | null;
  readonly dry_run: {
    readonly restored: number;
    readonly updated: number;
    readonly unchanged: number;
    readonly overwritten: readonly string[];
  } | null;
  readonly warnings: readonly string[];
  readonly revocation: "own_access" | "temporary_key" | "forgotten_only";
}
