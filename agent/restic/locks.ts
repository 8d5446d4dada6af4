import { z } from "zod";
import type { RepositoryLock } from "@restic-manager/shared/domain/maintenance.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import { listLocksArgs, lockArgs, unlockArgs } from "./args.ts";
import { capture, succeeded } from "./capture.ts";
import type { Repository } from "./env.ts";
import type { ResticEnd } from "./exit-codes.ts";
import type { ResticRunner } from "./run.ts";

const lockFile = z.object({
  time: z.string(),
  exclusive: z.boolean().default(false),
  hostname: z.string().default(""),
  username: z.string().default(""),
  pid: z.number().default(0),
});
export type Lock = z.infer<typeof lockFile> & { readonly id: string };

const limitMs = 30_000;

/** The locks in a repository; restic itself cannot show them as JSON. Null when the repository cannot be asked. */
export async function readLocks(
  runner: ResticRunner,
  repository: Repository,
  signal: AbortSignal = new AbortController().signal,
): Promise<Lock[] | null> {
  const list = await capture(runner, {
    args: listLocksArgs,
    repository,
    limitMs,
    signal,
  });
  if (!succeeded(list.end)) return null;
  const locks: Lock[] = [];
  for (const id of list.stdout
    .split("\n")
    .filter((line) => /^[0-9a-f]{64}$/.test(line))) {
    const { end, stdout } = await capture(runner, {
      args: lockArgs(id),
      repository,
      limitMs,
      signal,
    });
    // Its owner may have removed it in between, or the repository is away: asking again tells.
    if (!succeeded(end)) return null;
    const lock = parseJson(stdout, lockFile);
    if (lock !== null) locks.push({ ...lock, id });
  }
  return locks;
}

/** Removes what restic itself takes for stale: locks of dead processes of this host, and old ones. */
export async function removeLocks(
  runner: ResticRunner,
  repository: Repository,
  signal: AbortSignal,
): Promise<ResticEnd> {
  const { end } = await capture(runner, {
    args: unlockArgs,
    repository,
    limitMs,
    signal,
  });
  return end;
}

/** Whether the process that had an id at an instant (milliseconds) has ended. */
export type IsGone = (pid: number, at: number) => boolean;

/** restic refreshes a lock every five minutes and takes it for stale after half an hour; its clock may differ a little. */
const refreshedMs = 6 * 60_000;
const oldMs = 29 * 60_000;

/** What is known of this host beside what a lock says. */
export interface OwnHost {
  readonly hostname: string;
  readonly now: number;
  readonly isGone: IsGone;
  /** Processes of this host that were restics and are known to have ended, perhaps without unlocking. */
  readonly suspects: ReadonlySet<number>;
}

/**
 * Machines may be called alike, and of another one's process nothing can be seen here: but for a restic of ours a lock counts
 * as dead only once a living one, wherever it is, would have refreshed it.
 */
export function judgeLock(
  { id, exclusive, hostname, username, pid, time }: Lock,
  { hostname: own, now, isGone, suspects }: OwnHost,
): RepositoryLock {
  const at = Date.parse(time);
  const isOwn = hostname === own && Number.isFinite(at);
  const isDead =
    isOwn && (suspects.has(pid) || now - at > refreshedMs) && isGone(pid, at);
  const state = isDead ? "own_dead" : now - at > oldMs ? "old" : "live";
  return { id, exclusive, hostname, username, pid, time, state };
}

export function describeLock(lock: Omit<RepositoryLock, "state">): string {
  const kind = lock.exclusive ? "exclusive lock" : "lock";
  return `${kind} ${lock.id.slice(0, 8)} of process ${lock.pid} (${lock.username} on ${lock.hostname}), made ${lock.time}`;
}
