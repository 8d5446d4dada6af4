import { z } from "zod";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import { listLocksArgs, lockArgs, unlockArgs } from "./args.ts";
import { capture, succeeded } from "./capture.ts";
import type { Repository } from "./env.ts";
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

/** Removes what restic itself takes for stale: locks of dead processes of this host, and old ones, as far as it can. */
export async function removeStaleLocks(
  runner: ResticRunner,
  repository: Repository,
  signal: AbortSignal,
): Promise<void> {
  await capture(runner, { args: unlockArgs, repository, limitMs, signal });
}

/** Locks of this host whose process is gone. `alive` tells whether a process id is in use. */
export function staleLocks(
  locks: readonly Lock[],
  hostname: string,
  alive: (pid: number) => boolean,
): Lock[] {
  return locks.filter((lock) => lock.hostname === hostname && !alive(lock.pid));
}

export function describeLock(lock: Lock): string {
  const kind = lock.exclusive ? "exclusive lock" : "lock";
  return `${kind} ${lock.id.slice(0, 8)} of process ${lock.pid} (${lock.username} on ${lock.hostname}), made ${lock.time}`;
}
