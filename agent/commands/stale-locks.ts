import type { Repository } from "../restic/env.ts";
import {
  describeLock,
  readLocks,
  removeStaleLocks,
  staleLocks,
} from "../restic/locks.ts";
import type { ResticRunner } from "../restic/run.ts";

export interface StaleLocksDeps {
  readonly runner: ResticRunner;
  readonly hostname: () => string;
  /** Whether a process of this host is alive. */
  readonly isAlive: (pid: number) => boolean;
  readonly signal: AbortSignal;
}

/** Removes locks of this host whose restic is dead. @returns a sentence about what there was; null for nothing */
export async function tidyLocks(
  { runner, hostname, isAlive, signal }: StaleLocksDeps,
  repository: Repository,
): Promise<string | null> {
  const locks = await readLocks(runner, repository, signal).catch(() => null);
  if (locks === null)
    return "The repository could not be asked for a lock left behind.";
  const stale = staleLocks(locks, hostname(), isAlive);
  if (stale.length === 0) return null;
  const names = stale.map(describeLock).join("; ");
  const removed = await removeStaleLocks(runner, repository, signal).catch(
    () => false,
  );
  return `It left a stale lock in the repository: ${names}. ${removed ? "It was removed." : "restic unlock removes it."}`;
}
