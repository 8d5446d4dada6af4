import { initArgs } from "../restic/args.ts";
import { succeeded } from "../restic/capture.ts";
import { failureOf, type ResticEnd } from "../restic/exit-codes.ts";
import type { Ended } from "./job-report.ts";
import { listSnapshots, reportList } from "./snapshots.ts";
import {
  endedBy,
  openRepository,
  reportState,
  runForTask,
  type UpkeepTask,
} from "./upkeep-task.ts";

/** Creates a repository anew at its address. One that is there is left as it is: restic refuses. */
export async function init(task: UpkeepTask): Promise<Ended> {
  const end = await runForTask(task, initArgs);
  // A cancel comes too late for what is made: under its former id nothing could be done with it.
  const made = { ...task, signal: task.deps.stopping };
  if (succeeded(end)) {
    await reportAsNew(made);
    return endedBy(end, null);
  }
  if (!(await isAnother(made, end))) return endedBy(end, null);
  task.log.add(
    "warning",
    "system",
    "The repository that is there is not the one that was known. It was made since, and is used from now on as it is.",
  );
  await reportAsNew(made);
  return { ...endedBy(end, null, null), exitCode: null };
}

/** It may be of an earlier attempt whose end was lost. */
async function isAnother(task: UpkeepTask, end: ResticEnd): Promise<boolean> {
  const known = task.secret.restic_id;
  if (known === null || failureOf(end).code !== "repository_exists")
    return false;
  return (await idOf(task)) !== known;
}

function idOf(task: UpkeepTask): Promise<string> {
  return openRepository({
    ...task,
    secret: { ...task.secret, restic_id: null },
  });
}

async function reportAsNew(task: UpkeepTask): Promise<void> {
  const { deps, request, secret, signal } = task;
  const restic_id = await idOf(task);
  const { runner } = deps;
  const snapshots = await listSnapshots({ runner, signal }, secret);
  reportList(deps, request.repository_id, snapshots);
  await reportState(task, { restic_id, snapshot_count: snapshots.length });
}
