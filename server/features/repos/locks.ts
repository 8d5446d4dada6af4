import type { RepositoryLock } from "@restic-manager/shared/domain/maintenance.ts";
import type { RepositoryStatsRow } from "../../db/upkeep-rows.ts";

/** restic's own are far shorter; whoever can write to a repository can make others. */
const longest = 256;

/** Locks as they are stored. */
export function lockColumns(
  locks: readonly RepositoryLock[],
): Pick<RepositoryStatsRow, "locks" | "lock_present" | "lock_holder"> {
  const kept = locks.map(cut);
  const [first] = kept;
  return {
    locks: JSON.stringify(kept),
    lock_present: first === undefined ? 0 : 1,
    lock_holder: first === undefined ? null : describeLock(first),
  };
}

export function readLocks({
  locks,
}: Pick<RepositoryStatsRow, "locks">): RepositoryLock[] {
  return locks === null ? [] : (JSON.parse(locks) as RepositoryLock[]);
}

export function describeLock(lock: RepositoryLock): string {
  const { pid, username, hostname, time } = cut(lock);
  return `pid ${pid} of ${username} on ${hostname} since ${time}`;
}

function cut(lock: RepositoryLock): RepositoryLock {
  return {
    ...lock,
    id: lock.id.slice(0, longest),
    hostname: lock.hostname.slice(0, longest),
    username: lock.username.slice(0, longest),
    time: lock.time.slice(0, longest),
  };
}
