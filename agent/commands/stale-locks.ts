import { type Clock, delay } from "@restic-manager/shared/clock.ts";
import type { Repository } from "../restic/env.ts";
import {
  describeLock,
  type Lock,
  readLocks,
  removeStaleLocks,
  staleLocks,
} from "../restic/locks.ts";
import type { ResticRunner } from "../restic/run.ts";

export interface StaleLocksDeps {
  readonly runner: ResticRunner;
  readonly clock: Clock;
  readonly hostname: () => string;
  /** Whether a process of this host is alive. */
  readonly isAlive: (pid: number) => boolean;
  readonly signal: AbortSignal;
}

/** restic takes a dead process for living until its parent has noticed its end. */
const attempts = 5;
const waitMs = 1_000;

/** Removes locks of this host whose restic is dead. @returns a sentence about what there was; null for nothing */
export async function tidyLocks(
  deps: StaleLocksDeps,
  repository: Repository,
): Promise<string | null> {
  let stale = await findStale(deps, repository);
  for (let n = 1; n < attempts && stale === null; n++) {
    await delay(deps.clock, waitMs * n, deps.signal);
    if (!deps.signal.aborted) stale = await findStale(deps, repository);
  }
  if (stale === null)
    return "The repository could not be asked for a lock left behind.";
  if (stale.length === 0) return null;
  const names = stale.map(describeLock).join("; ");
  const said = (await remove(deps, repository))
    ? "It was removed."
    : "restic unlock removes it.";
  return `It left a stale lock in the repository: ${names}. ${said}`;
}

async function remove(
  deps: StaleLocksDeps,
  repository: Repository,
): Promise<boolean> {
  for (let n = 0; n < attempts && !deps.signal.aborted; n++) {
    if (n > 0) await delay(deps.clock, waitMs, deps.signal);
    await removeStaleLocks(deps.runner, repository, deps.signal);
    if ((await findStale(deps, repository))?.length === 0) return true;
  }
  return false;
}

/** Null when the repository cannot be asked. */
async function findStale(
  { runner, hostname, isAlive, signal }: StaleLocksDeps,
  repository: Repository,
): Promise<Lock[] | null> {
  const locks = await readLocks(runner, repository, signal).catch(() => null);
  return locks === null ? null : staleLocks(locks, hostname(), isAlive);
}
