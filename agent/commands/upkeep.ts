import type { MaintenanceKind } from "@restic-manager/shared/domain/job.ts";
import type { MaintenanceSecret } from "@restic-manager/shared/protocol/command.ts";
import {
  checkArgs,
  forgetArgs,
  initArgs,
  pruneArgs,
  unlockAllArgs,
  unlockArgs,
} from "../restic/args.ts";
import { secretsOf } from "../restic/env.ts";
import { check } from "./check.ts";
import { forget } from "./forget.ts";
import { init } from "./init.ts";
import { aboutJob, type UpkeepRequest } from "./job-store.ts";
import { reportJob, type Ended } from "./job-report.ts";
import { prune } from "./prune.ts";
import { unlock } from "./unlock.ts";
import {
  shownCommand,
  type UpkeepDeps,
  type UpkeepTask,
} from "./upkeep-task.ts";

const tasks: Record<MaintenanceKind, (task: UpkeepTask) => Promise<Ended>> = {
  forget,
  prune,
  check,
  unlock,
  init,
};

/** What the job page shows; a forget has one for each source group, which the log lists. */
const commands: Record<
  MaintenanceKind,
  (secret: MaintenanceSecret) => readonly string[]
> = {
  forget: ({ groups: [first] = [] }) =>
    first === undefined ? ["forget"] : forgetArgs(first, first.retention),
  prune: () => pruneArgs,
  check: ({ subset_pct }) => checkArgs(subset_pct),
  unlock: ({ all }) => (all === true ? unlockAllArgs : unlockArgs),
  init: () => initArgs,
};

/** Runs one job of upkeep and reports it. Never rejects for a job that failed. */
export async function runUpkeep(
  deps: UpkeepDeps,
  request: UpkeepRequest,
  secret: MaintenanceSecret,
  signal: AbortSignal,
): Promise<void> {
  await reportJob(
    deps,
    {
      about: aboutJob(request, request.repository_id),
      command: shownCommand(deps, request, commands[request.kind](secret)),
      secrets: secretsOf(secret),
    },
    signal,
    (log) => tasks[request.kind]({ deps, request, secret, log, signal }),
  );
}
