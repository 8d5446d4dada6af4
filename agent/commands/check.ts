import { checkArgs, checkedPercent } from "../restic/args.ts";
import { succeeded } from "../restic/capture.ts";
import { isCheckError } from "../restic/check-text.ts";
import { failureOf } from "../restic/exit-codes.ts";
import { logMessage } from "./backup-log.ts";
import type { Ended } from "./job-report.ts";
import {
  endedBy,
  openRepository,
  reportState,
  runForTask,
  type UpkeepTask,
} from "./upkeep-task.ts";

/** Looks whether what the snapshots need is there and intact. */
export async function check(task: UpkeepTask): Promise<Ended> {
  await openRepository(task);
  const { subset_pct } = task.secret;
  let errors = 0;
  const end = await runForTask(
    task,
    checkArgs(subset_pct),
    (message, stream, line) => {
      if (stream === "stderr" && isCheckError(line)) {
        errors++;
        task.log.add("error", stream, line);
      } else logMessage(task.log, message, stream);
    },
  );
  const ok = succeeded(end);
  const error = ok ? null : failureOf(end);
  if (error?.code === "repository_damaged") errors = Math.max(1, errors);
  const isChecked = ok || error?.code === "repository_damaged";
  await reportState(
    task,
    isChecked ? { check: { at: task.deps.time.stamp(), ok, errors } } : {},
  );
  return endedBy(
    end,
    isChecked ? { subset_pct: checkedPercent(subset_pct), errors } : null,
    error,
  );
}
