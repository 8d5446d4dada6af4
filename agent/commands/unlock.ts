import { FailureError } from "../failure-error.ts";
import { unlockAllArgs, unlockArgs } from "../restic/args.ts";
import { succeeded } from "../restic/capture.ts";
import { describeLock } from "../restic/locks.ts";
import type { Ended } from "./job-report.ts";
import { keep } from "./keep.ts";
import { leftWords, lookAtLocks, reportLocks } from "./stale-locks.ts";
import {
  endedBy,
  openRepository,
  placeOf,
  runForTask,
  type UpkeepTask,
} from "./upkeep-task.ts";

/** Removes the locks restic takes for stale; `all` removes those of living processes too. */
export async function unlock(task: UpkeepTask): Promise<Ended> {
  const { deps, request, secret, log, signal } = task;
  await openRepository(task);
  const place = placeOf(request, secret, signal);
  // One that cannot be read may be what is to be removed.
  const before = (await lookAtLocks(deps, place)) ?? [];
  const args = secret.all === true ? unlockAllArgs : unlockArgs;
  const end = await runForTask(task, args);
  if (!succeeded(end)) return endedBy(end, null);
  const left = await lookAtLocks(deps, place);
  if (left === null)
    throw new FailureError(
      "repository_failed",
      "The locks of the repository could not be read.",
    );
  const stays = new Set(left.map(({ id }) => id));
  const removed = before.filter(({ id }) => !stays.has(id));
  for (const lock of removed)
    log.add("info", "system", `Removed: ${describeLock(lock)}.`);
  const words = leftWords({ removed, left }, deps.clock.now());
  if (words !== null) log.add("warning", "system", words);
  await keep(deps, signal, log.flush);
  reportLocks(deps, place, { removed, left });
  return endedBy(end, {
    locks_removed: removed.length,
    locks_left: left.length,
  });
}
