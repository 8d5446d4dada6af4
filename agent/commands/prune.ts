import { failure } from "@restic-manager/shared/domain/failure.ts";
import { pruneArgs } from "../restic/args.ts";
import { succeeded } from "../restic/capture.ts";
import { failureOf, type ResticEnd } from "../restic/exit-codes.ts";
import { parseFreed } from "../restic/prune-text.ts";
import { logMessage } from "./backup-log.ts";
import type { Ended } from "./job-report.ts";
import {
  endedBy,
  openRepository,
  reportState,
  runForTask,
  type UpkeepTask,
} from "./upkeep-task.ts";

/** Removes the data that no snapshot needs any more. */
export async function prune(task: UpkeepTask): Promise<Ended> {
  await openRepository(task);
  let freed: number | null = null;
  const end = await runForTask(task, pruneArgs, (message, stream, line) => {
    freed = parseFreed(line) ?? freed;
    logMessage(task.log, message, stream);
  });
  const isDone = succeeded(end);
  await reportState(task, isDone ? { pruned_at: task.deps.time.stamp() } : {});
  return endedBy(
    end,
    isDone && freed !== null ? { bytes_freed: freed } : null,
    isDone ? null : errorOf(end),
  );
}

function errorOf(end: ResticEnd) {
  const found = failureOf(end);
  return found.code === "delete_refused"
    ? failure(
        "delete_refused",
        "Data that no snapshot needs could not be removed: this access may not delete. Give the repository an admin credential that may.",
      )
    : found;
}
