import type { MaintenanceSecret } from "@restic-manager/shared/protocol/command.ts";
import { FailureError } from "../failure-error.ts";
import { secretsOf, type Repository } from "../restic/env.ts";
import { aboutJob, type UpkeepRequest } from "./job-store.ts";
import { reportJob, type JobReportDeps } from "./job-report.ts";

export type UpkeepDeps = JobReportDeps;

/** Runs one job of upkeep and reports it. Never rejects for a job that failed. */
export async function runUpkeep(
  deps: UpkeepDeps,
  request: UpkeepRequest,
  secret: MaintenanceSecret,
  signal: AbortSignal,
): Promise<void> {
  const repository: Repository = secret;
  await reportJob(
    deps,
    {
      about: aboutJob(request, request.repository_id),
      command: `restic ${request.kind}`,
      secrets: secretsOf(repository),
    },
    signal,
    async () => {
      throw new FailureError("command_unknown");
    },
  );
}
