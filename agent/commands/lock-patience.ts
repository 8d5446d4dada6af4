import { delay } from "@restic-manager/shared/clock.ts";
import {
  failureOf,
  type ResticEnd,
  type StopReason,
} from "../restic/exit-codes.ts";
import type { ResticCall } from "../restic/run.ts";
import type { JobLog } from "./job-log.ts";
import {
  leftWords,
  removedWords,
  tidyLocks,
  type LockedPlace,
  type StaleLocksDeps,
} from "./stale-locks.ts";

export interface LockPatienceDeps extends StaleLocksDeps {
  /** Aborted when the agent stops. */
  readonly stopping: AbortSignal;
}

export interface PatientJob {
  readonly jobId: string;
  readonly repositoryId: string;
  readonly log: JobLog;
  /** Called each time the job finds that it has to wait. */
  readonly onLocked: () => void;
}

/** A lock held for a moment is restic's own business; a longer one is looked at. */
const firstRetryS = 10;
const longRetryS = 300;
/** restic before 0.16 does not wait itself. */
const pauseMs = 15_000;
const soonMs = 1_000;
const patienceMs = 60 * 60_000;

/**
 * Runs restic and waits while others hold the repository: what is proven dead is removed, what may live is named and waited
 * for, up to an hour. A lock that a restic of this job left behind is removed as well.
 */
export async function runPatiently(
  deps: LockPatienceDeps,
  job: PatientJob,
  call: ResticCall & { readonly signal: AbortSignal },
): Promise<ResticEnd> {
  const { log, repositoryId, jobId } = job;
  const { repository, signal } = call;
  const place: LockedPlace = { repositoryId, repository, jobId, signal };
  const say = (words: string | null) => {
    if (words !== null) log.add("warning", "system", words);
  };
  if (deps.suspects.has(repositoryId))
    say(removedWords(await tidyLocks(deps, place)));

  const until = deps.clock.now() + patienceMs;
  let retryLockS = firstRetryS;
  let said: string | null = null;
  for (;;) {
    const end = await deps.runner.run({ ...call, retryLockS });
    if (end.exit.signal !== null || end.stopped !== null)
      say(await tidyAfterEnd(deps, { ...place, signal: deps.stopping }));
    if (!isLocked(end) || end.stopped !== null) return end;
    job.onLocked();
    const tidied = await tidyLocks(deps, place);
    say(removedWords(tidied));
    const words = leftWords(tidied);
    if (words !== said) say(words);
    said = words;
    await delay(deps.clock, words === null ? soonMs : pauseMs, signal);
    if (signal.aborted) return { ...end, stopped: signal.reason as StopReason };
    if (deps.clock.now() >= until) return end;
    retryLockS = longRetryS;
  }
}

function isLocked(end: ResticEnd): boolean {
  return end.exit.code !== 0 && failureOf(end).code === "repository_locked";
}

/** A restic that was killed, or an old one that was interrupted, may not have unlocked. */
async function tidyAfterEnd(
  deps: LockPatienceDeps,
  place: LockedPlace,
): Promise<string | null> {
  deps.suspects.add(place.repositoryId);
  if (place.signal.aborted) return null;
  return removedWords(await tidyLocks(deps, place));
}
