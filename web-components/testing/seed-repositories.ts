import type { Maintenance } from "@restic-manager/shared/api/maintenance.ts";
import type { Repository } from "@restic-manager/shared/api/repos.ts";
import {
  defaultMaintenance,
  type RepositoryLock,
} from "@restic-manager/shared/domain/maintenance.ts";
import { at, day, GB, hour, id, now } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";

export const repositoryId = id("REPO");

export const noAdmin: Repository["admin"] = {
  set: false,
  url: null,
  password_set: false,
  username: null,
  user_password_set: false,
  env_names: [],
  ca_set: false,
  updated_at: null,
};

/** Append-only for its host, with an admin credential on another port, and everything in order. */
export function repository(more: Partial<Repository> = {}): Repository {
  return {
    id: repositoryId,
    name: "pg-primary",
    url: "rest:https://vault.lan:8000/pg-primary/",
    host_ids: [hostDetail("pg-primary").id],
    status: "ready",
    status_code: null,
    status_message: null,
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
    admin: {
      ...noAdmin,
      set: true,
      url: "rest:https://vault.lan:8001/pg-primary/",
      username: "keeper",
      user_password_set: true,
      updated_at: at(now - 40 * day),
    },
    append_only: "proven",
    stats: {
      total_size: 3_600 * GB,
      raw_size: 1_200 * GB,
      dedup_ratio: 3,
      last_check_at: at(now - 21 * day),
      last_check_ok: true,
      last_prune_at: at(now - 7 * day),
      last_forget_at: at(now - 7 * hour),
      locks: [],
      updated_at: at(now - 7 * hour),
    },
    retention: { state: "on", reason: null },
    ...more,
  };
}

export function lock(more: Partial<RepositoryLock> = {}): RepositoryLock {
  return {
    id: "5d1f".repeat(16),
    exclusive: false,
    hostname: "web-01",
    username: "root",
    pid: 4711,
    time: at(now - 26 * hour),
    state: "old",
    ...more,
  };
}

export function maintenance(more: Partial<Maintenance> = {}): Maintenance {
  return {
    settings: {
      ...defaultMaintenance,
      runner_host_id: hostDetail("nas-01").id,
    },
    tz: "Europe/Berlin",
    upkeep: [
      upkeep("forget", 17, 7, "succeeded"),
      upkeep("prune", 7 * 24 - 6, 7 * 24, "succeeded"),
      upkeep("check", 9 * 24 - 5, 21 * 24, "succeeded"),
    ],
    runners: [
      runner("pg-primary", true, true),
      runner("nas-01", true, false),
      runner("media-box", false, false),
    ],
    ...more,
  };
}

type Upkeep = Maintenance["upkeep"][number];

/** Hours until the next, and since the last. */
export function upkeep(
  kind: Upkeep["kind"],
  next: number | null,
  last: number | null,
  state: NonNullable<Upkeep["last"]>["state"] = "succeeded",
  skipped: Upkeep["skipped"] = null,
): Upkeep {
  return {
    kind,
    next_at: next === null ? null : at(now + next * hour),
    last:
      last === null
        ? null
        : { job_id: id(`LAST${kind}`), state, at: at(now - last * hour) },
    skipped,
  };
}

function runner(
  name: string,
  online: boolean,
  uses_repository: boolean,
): Maintenance["runners"][number] {
  return { id: hostDetail(name).id, name, online, uses_repository };
}
