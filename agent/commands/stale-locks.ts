import { type Clock, delay } from "@restic-manager/shared/clock.ts";
import type { RepositoryLock } from "@restic-manager/shared/domain/maintenance.ts";
import type { Outbox } from "../link/outbox.ts";
import type { ServerTime } from "../link/server-time.ts";
import type { Repository } from "../restic/env.ts";
import {
  describeLock,
  judgeLock,
  readLocks,
  removeLocks,
  type IsGone,
} from "../restic/locks.ts";
import type { ResticRunner } from "../restic/run.ts";
import type { LockSuspects } from "./lock-suspects.ts";

export interface StaleLocksDeps {
  readonly runner: ResticRunner;
  readonly clock: Clock;
  readonly time: Pick<ServerTime, "stamp">;
  readonly outbox: Outbox;
  readonly suspects: LockSuspects;
  readonly hostname: () => string;
  readonly isGone: IsGone;
}

/** Which repository it is about, and for which job. */
export interface LockedPlace {
  readonly repositoryId: string;
  readonly repository: Repository;
  readonly jobId: string | null;
  readonly signal: AbortSignal;
}

/** What became of the locks. */
export interface TidiedLocks {
  readonly removed: readonly RepositoryLock[];
  readonly left: readonly RepositoryLock[];
}

/** restic takes a dead process for living until its parent has noticed its end. */
const attempts = 5;
const waitMs = 1_000;

/** Removes the locks of this host that are proven dead, and reports what it removed and what is there. */
export async function tidyLocks(
  deps: StaleLocksDeps,
  place: LockedPlace,
): Promise<TidiedLocks | null> {
  const tidied = await removeDeadLocks(deps, place);
  if (tidied !== null) reportLocks(deps, place, tidied);
  return tidied;
}

/**
 * Removes the locks of this host whose processes are proven dead. Those of other hosts and of living processes stay. Null
 * when the repository cannot be asked.
 */
export async function removeDeadLocks(
  deps: StaleLocksDeps,
  place: LockedPlace,
): Promise<TidiedLocks | null> {
  const before = await lookPatiently(deps, place);
  if (before === null) return null;
  const dead = new Set(before.filter(isDead).map(({ id }) => id));
  let left = before;
  for (let n = 0; n < attempts && left.some(isDead); n++) {
    if (n > 0) await delay(deps.clock, waitMs, place.signal);
    if (!canUnlock(deps, left) || place.signal.aborted) break;
    await removeLocks(deps.runner, place.repository, place.signal);
    left = (await lookAtLocks(deps, place)) ?? left;
  }
  const stays = new Set(left.map(({ id }) => id));
  const removed = before.filter(({ id }) => dead.has(id) && !stays.has(id));
  return { removed, left };
}

/** Reports which locks there are, and which this agent removed. */
export function reportLocks(
  { outbox, time, suspects }: StaleLocksDeps,
  { repositoryId, jobId }: LockedPlace,
  { removed, left }: TidiedLocks,
): void {
  const about = { repository_id: repositoryId, at: time.stamp() };
  const locks = removed.slice(0, reported);
  outbox.transaction(() => {
    if (locks.length > 0)
      outbox.put("repo.unlocked", { ...about, job_id: jobId, locks });
    outbox.put("repo.stats", {
      ...about,
      stats: { locks: left.slice(0, reported) },
    });
    if (!left.some(isDead)) suspects.remove(repositoryId);
  });
}

const reported = 100;

/** Null when the repository cannot be asked. */
export async function lookAtLocks(
  { runner, clock, hostname, isGone, suspects }: StaleLocksDeps,
  { repositoryId, repository, signal }: LockedPlace,
): Promise<RepositoryLock[] | null> {
  const locks = await readLocks(runner, repository, signal).catch(() => null);
  const own = {
    hostname: hostname(),
    now: clock.now(),
    isGone,
    suspects: suspects.pids(repositoryId),
  };
  return locks?.map((lock) => judgeLock(lock, own)) ?? null;
}

async function lookPatiently(
  deps: StaleLocksDeps,
  place: LockedPlace,
): Promise<RepositoryLock[] | null> {
  for (let n = 1; ; n++) {
    const locks = await lookAtLocks(deps, place);
    if (locks !== null || n === attempts) return locks;
    await delay(deps.clock, waitMs * n, place.signal);
    if (place.signal.aborted) return null;
  }
}

/**
 * Whether restic's `unlock` would remove dead locks and no other: it takes old ones of other hosts, too, and whatever has this
 * host's name and a process that is not here. What it takes for living, because another process has the id now, it removes
 * when it is old.
 */
function canUnlock(
  { hostname, isGone }: StaleLocksDeps,
  locks: readonly RepositoryLock[],
): boolean {
  const own = hostname();
  return locks
    .filter((lock) => !isDead(lock))
    .every(
      (lock) =>
        lock.state === "live" &&
        !(lock.hostname === own && isGone(lock.pid, Date.parse(lock.time))),
    );
}

function isDead({ state }: RepositoryLock): boolean {
  return state === "own_dead";
}

/** What to tell people about locks that were removed; null for nothing. */
export function removedWords(tidied: TidiedLocks | null): string | null {
  if (tidied === null)
    return "The repository could not be asked for a lock left behind.";
  const { removed } = tidied;
  return removed.length === 0
    ? null
    : `A restic that is dead left a stale lock in the repository: ${names(removed)}. It was removed.`;
}

/** What to tell people about locks that are there; null for none. */
export function leftWords(
  tidied: TidiedLocks | null,
  now: number,
): string | null {
  const left = tidied?.left ?? [];
  if (left.length === 0) return null;
  const hint = left.every(({ state }) => state === "live")
    ? "It is left, because its restic may be alive."
    : "If its restic is dead, unlock the repository.";
  const locks = left.map((lock) => describeLock(lock) + ageOf(lock, now));
  return `The repository is locked: ${locks.join("; ")}. ${hint}`;
}

/** A living restic makes its lock anew every five minutes. */
function ageOf({ time }: RepositoryLock, now: number): string {
  const minutes = Math.floor((now - Date.parse(time)) / 60_000);
  return minutes >= 1 ? ` (${minutes} min ago)` : "";
}

function names(locks: readonly RepositoryLock[]): string {
  return locks.map(describeLock).join("; ");
}
