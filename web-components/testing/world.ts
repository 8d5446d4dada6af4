import type { Session, VersionInfo } from "@restic-manager/shared/api/auth.ts";
import type {
  FleetSummary,
  HostDetail,
  HostRow,
  JobBrief,
  PendingHost,
} from "@restic-manager/shared/api/hosts.ts";
import type { Job } from "@restic-manager/shared/api/jobs.ts";
import type {
  Repository,
  Snapshot,
  SourceGroup,
} from "@restic-manager/shared/api/repos.ts";
import type { Schedule } from "@restic-manager/shared/api/schedules.ts";
import type {
  JobProgress,
  LogLine,
} from "@restic-manager/shared/domain/job.ts";
import {
  permissionsOf,
  type Role,
} from "@restic-manager/shared/domain/role.ts";

/** What the fixture server knows. Tests make one, change it, and push live events about the change. */
export interface World {
  session: Session;
  hosts: HostDetail[];
  pending: PendingHost[];
  jobs: Job[];
  log: LogLine[];
  snapshots: Snapshot[];
  sources: SourceGroup[];
  schedules: Schedule[];
  repositories: Repository[];
  version: VersionInfo;
}

/** The moment at which the seeded world is seen. */
export const now = Date.UTC(2026, 10, 22, 9, 41, 20);

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const GB = 1e9;
const MB = 1e6;

export const serverKey = `SHA256:${"4be0".repeat(16)}`;
export const fingerprints = {
  laptop:
    "SHA256:a41f9c07e2b85d3366f0419ab7c81e54d9027fb36a1c48e5930dd2617fb5c08e",
  web: "SHA256:7be20d15c94a8f6620b3e7719d54fa08316ce95d02b7481fa6c3580e9d71b42f",
} as const;

export function at(ms: number): string {
  return new Date(ms).toISOString();
}

export function userSession(role: Role = "admin"): Session {
  return {
    user: {
      id: "01JD000000000000000000USER",
      username: "sam.keller",
      role,
      permissions: [...permissionsOf(role)],
    },
    csrf_token: "csrf-of-the-test",
    expires_at: at(now + day),
    bootstrap_required: false,
  };
}

export function visitorSession(bootstrap_required = false): Session {
  return { user: null, csrf_token: null, expires_at: null, bootstrap_required };
}

export function emptyWorld(): World {
  return {
    session: userSession(),
    hosts: [],
    pending: [],
    jobs: [],
    log: [],
    snapshots: [],
    sources: [],
    schedules: [],
    repositories: [],
    version: {
      version: "0.1.0",
      commit: "0123456789abcdef",
      commit_date: "2026-11-21T08:00:00Z",
      server_key: serverKey,
      protocol_min: 1,
      protocol_max: 1,
    },
  };
}

/** A dozen hosts in every state, two that wait, a running job with its log. */
export function seededWorld(): World {
  const world = emptyWorld();
  world.hosts = hosts();
  world.pending = pending();
  world.jobs = jobs();
  world.log = log();
  world.snapshots = snapshots();
  world.sources = [
    {
      id: id("SOURCE"),
      name: "default",
      repository_id: id("REPO"),
      includes: ["/etc", "/srv", "/var/lib/postgresql"],
      excludes: [
        "**/.cache",
        "**/lost+found",
        "/var/lib/postgresql/*/main/pg_wal",
      ],
      options: { exclude_caches: true, one_file_system: false },
      retention: {},
    },
  ];
  world.schedules = [
    {
      id: id("SCHEDULE"),
      cron: "37 2 * * *",
      enabled: true,
      group_ids: [id("SOURCE")],
      tz: "Europe/Berlin",
      next: [1, 2, 3, 4, 5].map((n) => at(Date.UTC(2026, 10, 22 + n, 1, 37))),
      applied: true,
    },
  ];
  world.repositories = [
    {
      id: id("REPO"),
      name: "pg-primary",
      url: "rest:https://vault.lan:8000/pg-primary/",
      status: "ready",
      repository_id: "7c41a90f".repeat(8),
      snapshot_count: 730,
      snapshots_refreshed_at: at(now - 8 * hour),
      credential: {
        password_set: true,
        username: "pg-primary",
        user_password_set: true,
        env_names: [],
        ca_set: false,
      },
    },
  ];
  return world;
}

/** A ULID that names what it is of. */
export function id(name: string): string {
  return `01JD${name.toUpperCase().replaceAll(/[^0-9A-HJKMNP-TV-Z]/g, "0")}`
    .padEnd(26, "0")
    .slice(0, 26);
}

type Day = HostRow["days"][number];

interface HostSeed {
  readonly health?: HostRow["health"];
  readonly os?: HostRow["os"];
  readonly arch?: HostRow["arch"];
  readonly online?: boolean;
  readonly set_up?: boolean;
  /** Hours since the last backup; null for never. */
  readonly last?: number | null;
  /** Hours until the next run; null for none. */
  readonly next?: number | null;
  readonly added?: number;
  readonly snapshots?: number;
  readonly error?: string;
  readonly days?: Partial<Record<number, Day>>;
  readonly since?: number;
}

export function hostDetail(name: string, seed: HostSeed = {}): HostDetail {
  const health = seed.health ?? "healthy";
  const last = seed.last === undefined ? 5 : seed.last;
  const next = seed.next === undefined ? 17 : seed.next;
  const days = Array.from({ length: 30 }, (_, index): Day => {
    const ago = 29 - index;
    return seed.days?.[ago] ?? (ago >= (seed.since ?? 30) ? "none" : "ok");
  });
  return {
    id: `h${name.replaceAll(/[^a-z0-9]/g, "").padEnd(12, "0")}`,
    name,
    os: seed.os ?? "linux",
    arch: seed.arch ?? "x64",
    online: seed.online ?? true,
    health,
    last_seen_at: at(seed.online === false ? now - 3.4 * day : now - 12_000),
    approved_at: at(now - (health === "no_backup" ? 12 * minute : 90 * day)),
    agent_version: "0.1.0",
    set_up: seed.set_up ?? true,
    tags: [],
    last_backup: last === null ? null : lastBackup(name, last, seed),
    running_job:
      health === "running"
        ? brief(id(`RUN${name}`), "running", now - 21 * minute, null)
        : null,
    next_run_at: next === null ? null : at(now + next * hour),
    snapshot_count: seed.snapshots ?? 60,
    days,
    fingerprint: fingerprints.laptop,
    hostname: name,
    os_version:
      seed.os === "windows" ? "Windows 11 Pro 24H2" : "Debian GNU/Linux 12",
    tz: "Europe/Berlin",
    boot_time: at(now - 12 * day),
    agent_commit: "0123456789ab",
    restic: {
      version: "0.19.1",
      source: "embedded",
      path: "/var/lib/restic-manager/bin/restic",
      sha256: "9f86d081".repeat(8),
      problem: null,
    },
    approved_by: "sam.keller",
    announced_from_ip: "10.0.4.12",
    cfg_rev: 4,
    applied_cfg_rev: 4,
  };
}

function lastBackup(
  name: string,
  hours: number,
  { health, error, added }: HostSeed,
): JobBrief {
  const state =
    health === "failed"
      ? "failed"
      : health === "degraded"
        ? "succeeded_with_issues"
        : "succeeded";
  const job = brief(
    id(`LAST${name}`),
    state,
    now - hours * hour - 20 * minute,
    now - hours * hour,
  );
  return {
    ...job,
    error:
      error === undefined
        ? null
        : { code: "repository_locked", message: error },
    bytes_added: health === "failed" ? null : (added ?? 84 * MB),
  };
}

function brief(
  jobId: string,
  state: JobBrief["state"],
  started: number,
  finished: number | null,
): JobBrief {
  return {
    id: jobId,
    kind: "backup",
    state,
    started_at: at(started),
    finished_at: finished === null ? null : at(finished),
    error: null,
    bytes_added: null,
  };
}

function hosts(): HostDetail[] {
  return [
    hostDetail("ws-erika", {
      health: "failed",
      os: "windows",
      last: 2.2,
      next: 21.8,
      snapshots: 188,
      error:
        "The repository is locked by another process; the job log names it.",
      days: { 0: "failed", 1: "failed" },
    }),
    hostDetail("media-box", {
      health: "offline",
      online: false,
      last: 81,
      next: null,
      snapshots: 94,
      days: { 0: "none", 1: "none", 2: "none" },
    }),
    hostDetail("mail-01", {
      health: "degraded",
      last: 6.6,
      next: 17.4,
      snapshots: 412,
      error: "14 files could not be read; the job log lists them.",
      days: { 0: "issues", 3: "issues", 4: "issues" },
    }),
    hostDetail("build-runner", {
      health: "no_backup",
      last: null,
      next: 14.3,
      snapshots: 0,
      since: 0,
    }),
    hostDetail("new-nas", {
      health: "no_backup",
      set_up: false,
      last: null,
      next: null,
      snapshots: 0,
      since: 0,
    }),
    hostDetail("pg-primary", {
      health: "running",
      last: 24.1,
      next: 16,
      snapshots: 730,
      added: 3.8 * GB,
    }),
    hostDetail("homeassistant", {
      arch: "arm64",
      last: 3.7,
      next: 20.3,
      snapshots: 204,
      added: 31 * MB,
    }),
    hostDetail("k3s-node-1", {
      last: 8.1,
      next: 15.9,
      snapshots: 122,
      added: 412 * MB,
    }),
    hostDetail("k3s-node-2", {
      last: 8,
      next: 16,
      snapshots: 122,
      added: 388 * MB,
      days: { 8: "issues" },
    }),
    hostDetail("nas-01", {
      last: 5.2,
      next: 18.8,
      snapshots: 365,
      added: 2.1 * GB,
      days: { 17: "issues" },
    }),
    hostDetail("pi-garage", {
      arch: "arm64",
      last: 0.42,
      next: 0.58,
      snapshots: 168,
      added: 6 * MB,
      since: 19,
    }),
    hostDetail("web-01", {
      last: 0.68,
      next: 0.32,
      snapshots: 96,
      added: 84 * MB,
    }),
    hostDetail("web-02", {
      last: 0.63,
      next: 0.37,
      snapshots: 96,
      added: 91 * MB,
      days: { 11: "failed" },
    }),
  ];
}

function pending(): PendingHost[] {
  return [
    pendingHost("laptop-jonas", fingerprints.laptop, {
      announced_from_ip: "192.168.20.57",
    }),
    pendingHost("web-02", fingerprints.web, {
      announced_from_ip: "203.0.113.40",
      collision: "host",
      announced_at: at(now - 11 * minute),
      expires_at: at(now + 49 * minute),
    }),
  ];
}

export function pendingHost(
  hostname: string,
  fingerprint: string,
  more: Partial<PendingHost> = {},
): PendingHost {
  return {
    id: id(`PEND${hostname}`),
    hostname,
    os: "linux",
    arch: "x64",
    agent_version: "0.1.0",
    restic_version: "0.19.1",
    fingerprint,
    announced_from_ip: "10.0.0.9",
    announced_at: at(now - 2 * minute),
    last_seen_at: at(now - 10_000),
    expires_at: at(now + 58 * minute),
    collision: "none",
    ...more,
  };
}

export function job(jobId: string, more: Partial<Job> = {}): Job {
  return {
    id: jobId,
    host_id: hostDetail("pg-primary").id,
    host_name: "pg-primary",
    kind: "backup",
    state: "succeeded",
    actor: "schedule",
    actor_name: null,
    schedule_id: id("SCHEDULE"),
    source_group_id: id("SOURCE"),
    source_group_name: "default",
    repository_id: id("REPO"),
    repository_name: "pg-primary",
    queued_at: at(now - 21 * minute - 2000),
    started_at: at(now - 21 * minute),
    finished_at: at(now),
    exit_code: 0,
    error: null,
    stats: null,
    snapshot_id: null,
    command:
      "restic backup --json --tag default --host pg-primary --exclude-caches --files-from-verbatim - ",
    log_lines: 0,
    progress: null,
    cancel_requested: false,
    ...more,
  };
}

export function progress(
  percent: number,
  more: Partial<JobProgress> = {},
): JobProgress {
  return {
    phase: "backup",
    percent,
    bytes_done: (percent / 100) * 214.9 * GB,
    bytes_total: 214.9 * GB,
    files_done: Math.floor((percent / 100) * 41_882),
    files_total: 41_882,
    current_files: [
      "/var/lib/postgresql/16/main/base/24576/83112",
      "/var/lib/postgresql/16/main/base/24576/83140",
      "/var/lib/postgresql/16/main/pg_wal/00000001000000A7",
    ],
    errors: 13,
    seconds_elapsed: 21 * 60,
    seconds_remaining: 659,
    rate: 131 * MB,
    ...more,
  };
}

function jobs(): Job[] {
  const running = job(id("RUNpg-primary"), {
    state: "running",
    finished_at: null,
    exit_code: null,
    log_lines: 1186,
    progress: progress(62),
  });
  const wobble = [1, 1.1, 0.9, 1.2, 0.8, 2.1, 1, 0.95, 1.05, 1.15];
  const past = Array.from({ length: 40 }, (_, index) => {
    const state =
      index === 1
        ? "failed"
        : index === 4
          ? "succeeded_with_issues"
          : "succeeded";
    const start = now - (index + 1) * day;
    const factor = wobble[index % wobble.length] ?? 1;
    return job(id(`PAST${String(index).padStart(3, "0")}`), {
      state,
      queued_at: at(start - 1000),
      started_at: at(start),
      finished_at: at(start + factor * 27 * minute),
      exit_code: state === "failed" ? 11 : state === "succeeded" ? 0 : 3,
      error:
        state === "failed"
          ? {
              code: "repository_locked",
              message:
                "The repository is locked by another process; the job log names it.",
            }
          : null,
      stats:
        state === "failed"
          ? null
          : {
              files_new: 210,
              files_changed: 1_302,
              files_unmodified: 40_370,
              data_added: factor * factor * 3.8 * GB,
              data_added_packed: factor * factor * 1.2 * GB,
              total_files_processed: 41_882,
              total_bytes_processed: 214.9 * GB,
              ...(state === "succeeded" ? {} : { errors: 14 }),
            },
      snapshot_id: state === "failed" ? null : "d64db632".repeat(8),
      log_lines: 1186,
    });
  });
  return [running, ...past];
}

export function logLine(n: number, more: Partial<LogLine> = {}): LogLine {
  return {
    n,
    t: at(now - 21 * minute + n * 1000),
    s: "stdout",
    l: `changed  /var/lib/postgresql/16/main/base/${16_384 + (n % 3)}/${10_000 + n * 7}, saved ${(n % 9) + 0.4} MB`,
    k: "changed",
    ...more,
  };
}

function log(): LogLine[] {
  return Array.from({ length: 1186 }, (_, index) => {
    const n = index + 1;
    if (n === 1)
      return logLine(n, {
        k: "info",
        s: "system",
        l: "repository 7c41a90f opened (version 2, compression level auto)",
      });
    if (n % 97 === 61) {
      return logLine(n, {
        k: "warning",
        s: "stderr",
        l: `warning  /var/lib/postgresql/16/main/base/16385/${n}: file changed while it was read`,
      });
    }
    if (n === 131)
      return logLine(n, {
        k: "error",
        s: "stderr",
        l: "error    /var/lib/postgresql/16/main/postmaster.opts.bak: permission denied",
      });
    if (n % 5 === 0)
      return logLine(n, {
        k: "new",
        l: `new      /var/lib/postgresql/16/main/pg_wal/${70_000 + n}, ${(n % 30) + 0.1} MB`,
      });
    return logLine(n);
  });
}

function snapshots(): Snapshot[] {
  return Array.from({ length: 60 }, (_, index) => {
    const hex = (0xd64db632 - index * 0x1234567)
      .toString(16)
      .padStart(8, "0")
      .slice(-8);
    return {
      id: hex.repeat(8),
      short_id: hex,
      time: at(now - (index + 1) * day - index * 3 * minute),
      hostname: "pg-primary",
      username: "root",
      paths: ["/etc", "/srv", "/var/lib/postgresql"],
      tags: ["default"],
      parent: null,
      size_bytes: (3.6 - index * 0.01) * 1000 * GB,
      file_count: 41_882 - index * 11,
      repository_id: id("REPO"),
      own: index !== 5,
    };
  });
}

export function summaryOf(world: World): FleetSummary {
  const number = (health: HostRow["health"]) =>
    world.hosts.filter((host) => host.health === health).length;
  const wave = [
    1, 1, 2, 8, 2, 1, 1, 2, 1, 3, 2, 1, 1, 2, 1, 2, 2, 1, 2, 1, 2, 2, 1, 2,
  ];
  const jobs_by_hour =
    world.hosts.length === 0
      ? wave.map(() => ({ ok: 0, issues: 0, failed: 0 }))
      : wave.map((ok, index) => ({
          ok,
          issues: index === 3 ? 1 : 0,
          failed: index === 19 || index === 21 ? 1 : 0,
        }));
  const total = (key: "ok" | "issues" | "failed") =>
    jobs_by_hour.reduce((sum, hours) => sum + hours[key], 0);
  return {
    hosts: {
      failed: number("failed"),
      offline: number("offline"),
      degraded: number("degraded"),
      running: number("running"),
      no_backup: number("no_backup"),
      healthy: number("healthy"),
    },
    total: world.hosts.length,
    online: world.hosts.filter((host) => host.online).length,
    jobs_24h: {
      ok: total("ok"),
      issues: total("issues"),
      failed: total("failed"),
    },
    jobs_by_hour,
    backed_up_24h: world.hosts.filter(
      (host) => host.health === "healthy" || host.health === "degraded",
    ).length,
    snapshots: world.hosts.reduce((sum, host) => sum + host.snapshot_count, 0),
  };
}
