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

export interface Job {
  readonly id: string;
  readonly host_id: string;
  readonly state: JobState;
  readonly actor: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly exit_code: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly snapshot_id: string | null;
  readonly command: string | null;
  readonly log_lines: number;
  readonly progress: {
    readonly percent: number;
    readonly bytes_done: number;
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
  readonly url: string;
  readonly status: string;
  readonly repository_id: string | null;
  readonly snapshot_count: number;
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
