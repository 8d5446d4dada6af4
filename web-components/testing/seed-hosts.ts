import type {
  HostDetail,
  HostRow,
  JobBrief,
  PendingHost,
} from "@restic-manager/shared/api/hosts.ts";
import { at, day, GB, hour, id, MB, minute, now } from "./moments.ts";

export const fingerprints = {
  laptop:
    "SHA256:a41f9c07e2b85d3366f0419ab7c81e54d9027fb36a1c48e5930dd2617fb5c08e",
  web: "SHA256:7be20d15c94a8f6620b3e7719d54fa08316ce95d02b7481fa6c3580e9d71b42f",
} as const;

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
  readonly tags?: readonly string[];
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
    tags: [...(seed.tags ?? [])],
    always_on: health !== "asleep",
    index_enabled: true,
    last_backup: last === null ? null : lastBackup(name, last, seed),
    last_success_at:
      last === null
        ? null
        : at(now - last * hour - (health === "failed" ? 2 * day : 0)),
    running_job:
      health === "running"
        ? brief(id(`RUN${name}`), "running", now - 21 * minute, null)
        : null,
    next_run_at: next === null ? null : at(now + next * hour),
    snapshot_count: seed.snapshots ?? 60,
    days,
    identity_conflict: null,
    fingerprint: fingerprints.laptop,
    keys: [
      {
        fingerprint: fingerprints.laptop,
        since: at(now - 20 * day),
        until: null,
      },
      {
        fingerprint: fingerprints.web,
        since: at(now - 90 * day),
        until: at(now - 20 * day),
      },
    ],
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
    cfg_rev: seed.set_up === false ? 0 : 4,
    applied_cfg_rev: seed.set_up === false ? 0 : 4,
    bandwidth: { up_kbps: null, down_kbps: null },
    clock_skew_ms: 40,
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

export function seedHosts(): HostDetail[] {
  return [
    hostDetail("ws-erika", {
      tags: ["desktop"],
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
      tags: ["homelab", "media", "tv"],
      health: "offline",
      online: false,
      last: 81,
      next: null,
      snapshots: 94,
      days: { 0: "none", 1: "none", 2: "none" },
    }),
    hostDetail("mail-01", {
      tags: ["mail", "prod"],
      health: "degraded",
      last: 6.6,
      next: 17.4,
      snapshots: 412,
      error: "14 files could not be read; the job log lists them.",
      days: { 0: "issues", 3: "issues", 4: "issues" },
    }),
    hostDetail("build-runner", {
      tags: ["ci"],
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
      tags: ["db", "prod"],
      health: "running",
      last: 24.1,
      next: 16,
      snapshots: 730,
      added: 3.8 * GB,
    }),
    hostDetail("homeassistant", {
      tags: ["homelab"],
      arch: "arm64",
      last: 3.7,
      next: 20.3,
      snapshots: 204,
      added: 31 * MB,
    }),
    hostDetail("k3s-node-1", {
      tags: ["homelab"],
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
      tags: ["prod"],
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

export function seedPending(): PendingHost[] {
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
    removed: null,
    ...more,
  };
}
