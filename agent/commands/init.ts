import { initArgs } from "../restic/args.ts";
import { succeeded } from "../restic/capture.ts";
import type { Ended } from "./job-report.ts";
import { reportList } from "./snapshots.ts";
import {
  endedBy,
  openRepository,
  reportState,
  runForTask,
  type UpkeepTask,
} from "./upkeep-task.ts";

/** Creates a repository anew at its address. One that is there is left as it is: restic refuses. */
export async function init(task: UpkeepTask): Promise<Ended> {
  const { deps, request } = task;
  const end = await runForTask(task, initArgs);
  if (!succeeded(end)) return endedBy(end, null);
  const secret = { ...task.secret, restic_id: null };
  const restic_id = await openRepository({ ...task, secret });
  reportList(deps, request.repository_id, []);
  await reportState(task, { restic_id, snapshot_count: 0 });
  return endedBy(end, null);
}
