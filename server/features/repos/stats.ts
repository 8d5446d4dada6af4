import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Repository } from "@restic-manager/shared/api/repos.ts";
import type { JobKind } from "@restic-manager/shared/domain/job.ts";
import type { RepositoryStats as Reported } from "@restic-manager/shared/domain/maintenance.ts";
import type {
  RepoStats,
  RepoUnlocked,
} from "@restic-manager/shared/protocol/event.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { createAllowance } from "../../allowance.ts";
import type { Allowance, Rate } from "../../allowance.ts";
import type { Events } from "../../events.ts";
import type { EventHandler } from "../../ports/agent-link.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Trx } from "../../ports/transaction.ts";
import { describeLock, lockColumns, readLocks } from "./locks.ts";
import {
  findStats,
  mayReport,
  mayUnlock,
  saveResticId,
  saveStats,
  upkeepGiven,
} from "./stats-store.ts";
import type { StatsRecord } from "./stats-store.ts";
import { findHost, findRepository } from "./store.ts";

/** How repositories stand, as jobs leave them. */
export interface Stats {
  /** Stores what a job looked at and leaves the rest as it is. */
  take: EventHandler<RepoStats>;
  /** Records locks that an agent removed, and takes them off the list. */
  unlocked: EventHandler<RepoUnlocked>;
}

/** A lock left behind every hour for a month, and one in five minutes from then on. */
const unlockRate: Rate = { burst: 750, perSecond: 1 / 300 };

export function createStats(deps: {
  audit: Audit;
  events: Events;
  clock: Clock;
  log: Log;
}): Stats {
  const { audit, events, clock, log } = deps;
  const allowances = new Map<string, Allowance>();
  const changed = (repositoryId: string) => () =>
    events.emit({ type: "repository.changed", repositoryId });

  /** The audit trail cannot be pruned, so one host must not be able to fill it. */
  function isWithinRate(hostId: string): boolean {
    const own = allowances.get(hostId) ?? createAllowance(clock, unlockRate);
    allowances.set(hostId, own);
    return own.take();
  }

  /** The endpoint's clock may be ahead: its news must not hold back those to come. */
  function notInFuture(at: string): string {
    const now = toTimestamp(clock.now());
    return at < now ? at : now;
  }

  async function accepts(
    trx: Trx,
    hostId: string,
    id: string,
    may: typeof mayReport,
  ) {
    if ((await findRepository(trx, id)) === null) return false;
    if (await may(trx, hostId, id)) return true;
    log.warn("A host reported about a repository it does not look after", {
      host_id: hostId,
      repository_id: id,
    });
    return false;
  }

  return {
    async take(trx, { hostId, payload }) {
      const { repository_id: id } = payload;
      if (!(await accepts(trx, hostId, id, mayReport))) return undefined;
      const given = await upkeepGiven(trx, hostId, id);
      const stats = believable(payload.stats, given);
      const at = notInFuture(payload.at);
      const { restic_id } = stats;
      const isAnew = restic_id !== undefined;
      const before = isAnew ? null : await findStats(trx, id);
      await saveStats(trx, merge(before ?? nothing(id), stats, at));
      if (isAnew) await saveResticId(trx, id, restic_id.slice(0, 64));
      return changed(id);
    },

    async unlocked(trx, { hostId, payload }) {
      const { repository_id: id, job_id, locks } = payload;
      if (!(await accepts(trx, hostId, id, mayUnlock))) return undefined;
      if (!isWithinRate(hostId)) return undefined;
      const host = await findHost(trx, hostId);
      await audit.record(trx, agent(hostId, host?.name ?? null), {
        action: "repository.unlock",
        target: { kind: "repository", id },
        payload: { job_id, locks: locks.map(describeLock) },
      });
      const before = await findStats(trx, id);
      if (before !== null) {
        const gone = new Set(locks.map((lock) => lock.id));
        const left = readLocks(before).filter((lock) => !gone.has(lock.id));
        await saveStats(trx, { ...before, ...lockColumns(left) });
      }
      return changed(id);
    },
  };
}

/** What the API shows; sizes that were never looked at are unknown, not nothing. */
export function viewStats(record: StatsRecord | null): Repository["stats"] {
  const { total_size = null, raw_size = null } = record ?? {};
  return {
    total_size,
    raw_size,
    dedup_ratio:
      total_size === null || raw_size === null || raw_size === 0
        ? null
        : total_size / raw_size,
    last_check_at: record?.last_check_at ?? null,
    last_check_ok:
      record?.last_check_status == null
        ? null
        : record.last_check_status === "ok",
    last_prune_at: record?.last_prune_at ?? null,
    last_forget_at: record?.last_forget_at ?? null,
    locks: record === null ? [] : readLocks(record),
    updated_at: record?.updated_at ?? null,
  };
}

/** Any host may say what it saw; what upkeep did is told by those that were to do it. */
function believable(
  { restic_id, check, pruned_at, forgot_at, ...seen }: Reported,
  given: ReadonlySet<JobKind>,
): Reported {
  return {
    ...seen,
    ...(given.has("init") && { restic_id }),
    ...(given.has("check") && { check }),
    ...(given.has("prune") && { pruned_at }),
    ...(given.has("forget") && { forgot_at }),
  };
}

/** Reports may come days late, when newer ones of other hosts are here. */
function merge(
  before: StatsRecord,
  { check, pruned_at, forgot_at, ...stats }: Reported,
  at: string,
): StatsRecord {
  const result = { ...before };
  if (at >= before.updated_at) {
    result.updated_at = at;
    result.total_size = stats.total_size ?? before.total_size;
    result.raw_size = stats.raw_size ?? before.raw_size;
    result.snapshot_count = stats.snapshot_count ?? before.snapshot_count;
    if (stats.locks !== undefined)
      Object.assign(result, lockColumns(stats.locks));
  }
  if (check !== undefined && isNewer(check.at, before.last_check_at, at)) {
    result.last_check_at = earlier(check.at, at);
    result.last_check_status = check.ok ? "ok" : "errors";
  }
  if (pruned_at !== undefined && isNewer(pruned_at, before.last_prune_at, at))
    result.last_prune_at = earlier(pruned_at, at);
  if (forgot_at !== undefined && isNewer(forgot_at, before.last_forget_at, at))
    result.last_forget_at = earlier(forgot_at, at);
  return { ...result, dedup_ratio: viewStats(result).dedup_ratio };
}

function isNewer(told: string, known: string | null, at: string): boolean {
  return known === null || earlier(told, at) >= known;
}

function earlier(a: string, b: string): string {
  return a < b ? a : b;
}

function agent(id: string, name: string | null): Initiator {
  return { kind: "agent", id, name, ip: null, requestId: null };
}

function nothing(repository_id: string): StatsRecord {
  return {
    repository_id,
    total_size: null,
    raw_size: null,
    dedup_ratio: null,
    snapshot_count: null,
    last_check_at: null,
    last_check_status: null,
    last_prune_at: null,
    last_forget_at: null,
    lock_present: null,
    lock_holder: null,
    locks: null,
    updated_at: "",
  };
}
