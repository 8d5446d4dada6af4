import type { MaintenanceKind } from "@restic-manager/shared/domain/job.ts";
import type { MaintenanceSecret } from "@restic-manager/shared/protocol/command.ts";
import { secretsOf } from "../restic/env.ts";
import { check } from "./check.ts";
import { forget } from "./forget.ts";
import { init } from "./init.ts";
import { aboutJob, type UpkeepRequest } from "./job-store.ts";
import { reportJob, type Ended } from "./job-report.ts";
import { prune } from "./prune.ts";
import { unlock } from "./unlock.ts";
import type { UpkeepDeps, UpkeepTask } from "./upkeep-task.ts";

const tasks: Record<MaintenanceKind, (task: UpkeepTask) => Promise<Ended>> = {
  forget,
  prune,
  check,
  unlock,
  init,
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
      command: `restic ${request.kind}`,
      secrets: secretsOf(secret),
    },
    signal,
    (log) => tasks[request.kind]({ deps, request, secret, log, signal }),
  );
}
