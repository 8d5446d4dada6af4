import { delay } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import {
  failureOf,
  type ResticEnd,
  type StopReason,
} from "../restic/exit-codes.ts";
import type { ResticCall } from "../restic/run.ts";
import type { JobLog } from "./job-log.ts";
import type { Turn } from "./jobs.ts";
import {
  leftWords,
  lookAtLocks,
  removeDeadLocks,
  removedWords,
  reportLocks,
  tidyLocks,
  type LockedPlace,
  type StaleLocksDeps,
} from "./stale-locks.ts";

export interface LockPatienceDeps extends StaleLocksDeps {
  readonly log: Log;
  /** Aborted when the agent stops. */
  readonly stopping: AbortSignal;
  /** Absent for what holds nobody up. */
  readonly turn?: Turn;
}

export interface PatientJob {
  readonly jobId: string;
  readonly repositoryId: string;
  readonly log: JobLog;
  /** Called each time the job finds that it has to wait. */
  readonly onLocked: () => void;
}

/**
 * A lock held for a moment is restic's own business. A longer one is waited for here and not in restic, because a restic that
 * waits cannot be told from one that has begun, and could not give way.
 */
const retryLockS = 10;
const firstPauseMs = 15_000;
const pauseMs = 45_000;
const soonMs = 1_000;
const patienceMs = 60 * 60_000;

/**
 * Runs restic and waits while others hold the repository: what is proven dead is removed, what may live is named and waited
 * for, up to an hour. A lock that a restic of this job left behind is removed as well. Other jobs of this host have their turn
 * meanwhile; that is not waiting.
 */
export async function runPatiently(
  deps: LockPatienceDeps,
  job: PatientJob,
  call: ResticCall & { readonly signal: AbortSignal },
): Promise<ResticEnd> {
  const { log, repositoryId, jobId } = job;
  const { repository, signal } = call;
  const { turn } = deps;
  const place: LockedPlace = { repositoryId, repository, jobId, signal };
  const say = (words: string | null) => {
    if (words !== null) log.add("warning", "system", words);
  };
  if (deps.suspects.has(repositoryId))
    say(
      await noted(deps, null, async () =>
        removedWords(await tidyLocks(deps, place)),
      ),
    );

  let waitedMs = 0;
  const holders = createHolders(deps, place, say);
  for (let isFirst = true; ; isFirst = false) {
    const since = deps.clock.now();
    let pid = null as number | null;
    const end = await deps.runner.run({
      ...call,
      retryLockS,
      onStart(started) {
        pid = started;
        call.onStart?.(started);
      },
    });
    if (end.exit.signal !== null || end.stopped !== null)
      say(
        await noted(deps, null, () =>
          tidyAfterEnd(deps, { ...place, signal: deps.stopping }, pid),
        ),
      );
    if (!isLocked(end) || end.stopped !== null) {
      await noted(deps, undefined, holders.forget);
      return end;
    }
    job.onLocked();
    const isFree = await noted(deps, false, holders.look);
    const ms = isFree ? soonMs : isFirst ? firstPauseMs : pauseMs;
    await delay(deps.clock, ms, cutBy(signal, turn?.wanted()));
    // The clock may be set meanwhile, or the host sleep: neither is waiting.
    const tookMs = Math.max(0, deps.clock.now() - since);
    waitedMs += Math.min(tookMs, retryLockS * 1_000 + pauseMs);
    await turn?.giveWay((kind) =>
      log.add("info", "system", `Lets a job of this host go first: ${kind}.`),
    );
    if (signal.aborted) return { ...end, stopped: signal.reason as StopReason };
    if (waitedMs >= patienceMs) return end;
  }
}

/** A full disk takes no note of locks; how the job goes on or ended is not lost by that. */
async function noted<T>(
  { log }: LockPatienceDeps,
  otherwise: T,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    log.warn("What became of the locks of a repository cannot be kept", {
      error,
    });
    return otherwise;
  }
}

function cutBy(signal: AbortSignal, wanted?: AbortSignal): AbortSignal {
  return wanted === undefined ? signal : AbortSignal.any([signal, wanted]);
}

const waitWords = "This job waits for it, up to an hour.";
const remedy =
  "Where its restic is dead, Remove stale locks takes it once it is half an hour old; Remove all locks takes it at once, after this job is cancelled.";

/** Who holds the repository, told once however often one looks: a living restic makes its lock anew every five minutes. */
function createHolders(
  deps: LockPatienceDeps,
  place: LockedPlace,
  say: (words: string | null) => void,
) {
  let told: string | null = null;
  return {
    /** True when nothing holds it any more. */
    async look(): Promise<boolean> {
      const tidied = await removeDeadLocks(deps, place);
      say(removedWords(tidied));
      if (tidied === null) return false;
      const { removed, left } = tidied;
      const holders = left
        .map(({ hostname, pid, state }) => `${pid} ${hostname} ${state}`)
        .join();
      if (holders !== told) say(leftWords(tidied, deps.clock.now()));
      if (told === null && left.length > 0 && deps.turn !== undefined)
        say(`${waitWords} ${deps.turn.hint} ${remedy}`);
      const isNew = holders !== told || removed.length > 0;
      told = holders;
      if (isNew) reportLocks(deps, place, tidied);
      return left.length === 0;
    },
    /** What was told is over. */
    async forget(): Promise<void> {
      const left = told === null ? null : await lookAtLocks(deps, place);
      if (left !== null) reportLocks(deps, place, { removed: [], left });
    },
  };
}

function isLocked(end: ResticEnd): boolean {
  return end.exit.code !== 0 && failureOf(end).code === "repository_locked";
}

/** A restic that was killed, or an old one that was interrupted, may not have unlocked. */
async function tidyAfterEnd(
  deps: LockPatienceDeps,
  place: LockedPlace,
  pid: number | null,
): Promise<string | null> {
  deps.suspects.add(place.repositoryId, pid);
  if (place.signal.aborted) return null;
  return removedWords(await tidyLocks(deps, place));
}
