import type { Alert } from "@restic-manager/shared/api/alerts.ts";
import type { Channel } from "@restic-manager/shared/api/channels.ts";
import type {
  OwnSession,
  Session,
  VersionInfo,
} from "@restic-manager/shared/api/auth.ts";
import type {
  FleetSummary,
  HostDetail,
  HostRow,
  PendingHost,
} from "@restic-manager/shared/api/hosts.ts";
import type {
  GroupHooks,
  HostHooks,
} from "@restic-manager/shared/api/hooks.ts";
import type { Job } from "@restic-manager/shared/api/jobs.ts";
import type { Maintenance } from "@restic-manager/shared/api/maintenance.ts";
import type {
  Repository,
  Snapshot,
  SourceGroup,
} from "@restic-manager/shared/api/repos.ts";
import type { Schedule } from "@restic-manager/shared/api/schedules.ts";
import type { EnrolmentToken } from "@restic-manager/shared/api/tokens.ts";
import type { RestoreCheck } from "@restic-manager/shared/api/restores.ts";
import type {
  DiffPage,
  RepositoryIndex,
  SnapshotIndex,
} from "@restic-manager/shared/api/trees.ts";
import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";
import type { LogLine } from "@restic-manager/shared/domain/job.ts";
import {
  permissionsOf,
  type Role,
} from "@restic-manager/shared/domain/role.ts";

import { at, day, hour, id, minute, now } from "./moments.ts";
import { seedAlerts, seedChannels } from "./fixture-alerts.ts";
import { emptyHostHooks } from "./fixture-editors.ts";
import { restoreCheck, seedFiles } from "./fixture-restores.ts";
import { seedDiff } from "./fixture-trees.ts";
import { seedHosts, seedPending } from "./seed-hosts.ts";
import { seedJobs, seedLog, seedSnapshots } from "./seed-jobs.ts";
import { maintenance, repository } from "./seed-repositories.ts";

/** What the fixture server knows. Tests make one, change it, and push live events about the change. */
export interface World {
  session: Session;
  sessions: OwnSession[];
  hosts: HostDetail[];
  pending: PendingHost[];
  jobs: Job[];
  log: LogLine[];
  snapshots: Snapshot[];
  sources: SourceGroup[];
  schedules: Schedule[];
  repositories: Repository[];
  maintenance: Maintenance;
  hostHooks: HostHooks;
  groupHooks: Record<string, Pick<GroupHooks, "hooks" | "unreadable">>;
  tokens: EnrolmentToken[];
  alerts: Alert[];
  channels: Channel[];
  /** Snapshot → how far its index is; those that are not in it are ready. */
  indexes: Record<string, SnapshotIndex>;
  /** Folder → what is in it, the same in every snapshot. */
  files: Record<string, TreeEntry[]>;
  /** What a host finds before a restore. */
  restoreCheck: RestoreCheck;
  /** Folder → what changed in it between whatever is compared. */
  diff: Record<string, DiffPage>;
  repositoryIndex: RepositoryIndex;
  /** What a set-up says about its paths. */
  missingIncludes: string[];
  /** Under which the browser reached the server. */
  url: string;
  version: VersionInfo;
}

export const serverKey = `SHA256:${"4be0".repeat(16)}`;
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

function ownSession(
  name: string,
  user_agent: string,
  current: boolean,
): OwnSession {
  return {
    id: id(name),
    created_at: at(now - hour),
    last_seen_at: at(now - minute),
    expires_at: at(now + day - hour),
    ip: "192.0.2.10",
    user_agent,
    current,
  };
}

export function emptyWorld(): World {
  return {
    session: userSession(),
    sessions: [
      ownSession("desk", "Firefox on Linux", true),
      ownSession("phone", "Safari on iPhone", false),
    ],
    hosts: [],
    pending: [],
    jobs: [],
    log: [],
    snapshots: [],
    sources: [],
    schedules: [],
    repositories: [],
    maintenance: maintenance(),
    hostHooks: emptyHostHooks,
    groupHooks: {},
    tokens: [],
    alerts: [],
    channels: [],
    indexes: {},
    files: {},
    restoreCheck: restoreCheck(),
    diff: {},
    repositoryIndex: { snapshots_indexed: 0, trees: 0, bytes: 0 },
    missingIncludes: [],
    url: "http://backup.example.net:8080",
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
  world.hosts = seedHosts();
  world.pending = seedPending();
  world.alerts = seedAlerts();
  world.channels = seedChannels();
  world.jobs = seedJobs();
  world.log = seedLog();
  world.snapshots = seedSnapshots();
  world.files = seedFiles();
  world.diff = seedDiff();
  world.repositoryIndex = {
    snapshots_indexed: 60,
    trees: 9_214,
    bytes: 38_400_000,
  };
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
      retention: { last: 3, daily: 7, weekly: 5, monthly: 12, yearly: 2 },
      retry: { max: 3, backoff_s: 60 },
      hooks: { pre: "none", post: "none", unreadable: false },
      schedule_ids: [id("SCHEDULE")],
      conflict: null,
      revision: "1",
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
      problem: null,
      missed: [],
      applied: true,
      revision: "1",
    },
  ];
  world.repositories = [repository()];
  return world;
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
      asleep: number("asleep"),
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
