import {
  failure,
  type Failure,
} from "@restic-manager/shared/domain/failure.ts";
import type {
  JobProgress,
  MaintenanceStats,
} from "@restic-manager/shared/domain/job.ts";
import type { RepositoryStats } from "@restic-manager/shared/domain/maintenance.ts";
import type { MaintenanceSecret } from "@restic-manager/shared/protocol/command.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import { FailureError } from "../failure-error.ts";
import {
  commandText,
  configArgs,
  limitArgs,
  unlimited,
} from "../restic/args.ts";
import { capture, succeeded } from "../restic/capture.ts";
import type { Repository } from "../restic/env.ts";
import {
  failureOf,
  isRefusedRemoval,
  type ResticEnd,
  type StopReason,
} from "../restic/exit-codes.ts";
import { parseRepositoryId } from "../restic/repository-id.ts";
import type { ResticCall } from "../restic/run.ts";
import { logMessage } from "./backup-log.ts";
import type { JobLog } from "./job-log.ts";
import type { Ended, JobReportDeps } from "./job-report.ts";
import type { UpkeepRequest } from "./job-store.ts";
import { keep } from "./keep.ts";
import { runPatiently, type LockPatienceDeps } from "./lock-patience.ts";
import { createProgressReporter } from "./progress.ts";
import { lookAtLocks, type LockedPlace } from "./stale-locks.ts";
import type { Stats } from "./stats.ts";

export interface UpkeepDeps extends JobReportDeps, LockPatienceDeps {
  readonly live: (jobId: string, progress: JobProgress) => void;
  readonly stats: Pick<Stats, "afterUpkeep">;
  readonly configuration: { current(): ConfigBundle | null };
  /** A ULID of the server's time. */
  readonly newRev: () => string;
  readonly limits: { readonly stallMs: number; readonly limitMs: number };
}

/** One job of upkeep on its way. */
export interface UpkeepTask {
  readonly deps: UpkeepDeps;
  readonly request: UpkeepRequest;
  readonly secret: MaintenanceSecret;
  readonly log: JobLog;
  readonly signal: AbortSignal;
}

const lookMs = 60_000;

/** Runs restic for a task: waits for locks, logs what it says, ends it once the repository refuses to delete. */
export async function runForTask(
  { deps, request, secret, log, signal }: UpkeepTask,
  args: readonly string[],
  onMessage: NonNullable<ResticCall["onMessage"]> = (message, stream) =>
    logMessage(log, message, stream),
): Promise<ResticEnd> {
  const { job_id: jobId, repository_id: repositoryId, limits } = request;
  const progress = createProgressReporter(
    deps.clock,
    (p) => deps.live(jobId, p),
    "working",
  );
  const refusal = new AbortController();
  log.add("info", "system", shownCommand(deps, request, args));
  try {
    return await runPatiently(
      deps,
      { jobId, repositoryId, log, onLocked: progress.locked },
      {
        args,
        repository: secret,
        signal: AbortSignal.any([signal, refusal.signal]),
        ...deps.limits,
        ...(limits === undefined ? {} : { limits }),
        onStart: (pid) => deps.jobs.running(jobId, pid),
        onMessage(message, stream, line) {
          progress.add(message);
          onMessage(message, stream, line);
          if (stream === "stderr" && isRefusedRemoval(line))
            refusal.abort("refused" satisfies StopReason);
        },
      },
    );
  } finally {
    progress.stop();
  }
}

/** A command with what applies to every call of this host. */
export function shownCommand(
  { configuration }: Pick<UpkeepDeps, "configuration">,
  { limits = configuration.current()?.limits ?? unlimited }: UpkeepRequest,
  args: readonly string[],
): string {
  return commandText([...limitArgs(limits), ...args]);
}

/** Opens the repository, before anything is changed in it. Throws `FailureError`, also when it is another one. */
export async function openRepository({
  deps,
  secret,
  signal,
}: UpkeepTask): Promise<string> {
  const { end, stdout } = await capture(deps.runner, {
    args: configArgs,
    repository: secret,
    limitMs: lookMs,
    signal,
  });
  const id = succeeded(end) ? parseRepositoryId(stdout) : null;
  if (id === null) {
    const { code, message } = failureOf(end);
    throw new FailureError(code, message);
  }
  if (secret.restic_id !== null && secret.restic_id !== id)
    throw new FailureError("repository_other");
  return id;
}

/** How a task ended by the end of its restic. */
export function endedBy(
  end: ResticEnd,
  upkeep: MaintenanceStats | null,
  error: Failure | null = succeeded(end) ? null : failureOf(end),
): Ended {
  const isStopped =
    end.stopped === "cancelled" || end.stopped === "agent_stopped";
  return {
    outcome: error === null ? "succeeded" : isStopped ? "cancelled" : "failed",
    error: error !== null && isStopped ? failure(end.stopped) : error,
    exitCode: end.exit.code,
    stats: null,
    upkeep,
    restore: null,
  };
}

/** Reports how the task left the repository; comes after its log and before its end. */
export async function reportState(
  { deps, request, secret, log, signal }: UpkeepTask,
  known: RepositoryStats,
): Promise<void> {
  await keep(deps, signal, log.flush);
  // Whoever cancelled it does not wait for figures.
  if (signal.aborted) return;
  const place = placeOf(request, secret, deps.stopping);
  const locks = await lookAtLocks(deps, place);
  await deps.stats.afterUpkeep(
    place,
    locks === null ? known : { ...known, locks: locks.slice(0, 100) },
  );
}

export function placeOf(
  { repository_id, job_id }: UpkeepRequest,
  repository: Repository,
  signal: AbortSignal,
): LockedPlace {
  return { repositoryId: repository_id, repository, jobId: job_id, signal };
}
