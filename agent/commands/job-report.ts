import type { Clock } from "@restic-manager/shared/clock.ts";
import {
  failure,
  type Failure,
} from "@restic-manager/shared/domain/failure.ts";
import type {
  BackupStats,
  JobOutcome,
  MaintenanceStats,
} from "@restic-manager/shared/domain/job.ts";
import type { RestoreStats } from "@restic-manager/shared/domain/restore.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { truncate } from "@restic-manager/shared/redact.ts";
import type {
  JobDone,
  JobStarted,
} from "@restic-manager/shared/protocol/event.ts";
import { FailureError, failureFrom } from "../failure-error.ts";
import type { Outbox } from "../link/outbox.ts";
import type { ServerTime } from "../link/server-time.ts";
import { createJobLog, type JobLog } from "./job-log.ts";
import type { JobStore } from "./job-store.ts";
import { keep } from "./keep.ts";

export interface JobReportDeps {
  readonly clock: Clock;
  readonly time: Pick<ServerTime, "stamp">;
  readonly log: Log;
  readonly outbox: Outbox;
  readonly jobs: JobStore;
  /** Called as part of the transaction that keeps a job's end. */
  readonly ended: (done: JobDone) => void;
}

/** What is known of a job before it runs. */
export interface ReportedJob {
  readonly about: Omit<JobStarted, "started_at" | "command">;
  /** As run, without secrets. */
  readonly command: string;
  /** What its log must not show. */
  readonly secrets: readonly string[];
}

export interface Ended {
  readonly outcome: JobOutcome;
  readonly error: Failure | null;
  readonly exitCode: number | null;
  readonly stats: BackupStats | null;
  readonly upkeep: MaintenanceStats | null;
  readonly restore: RestoreStats | null;
}

/** The end of a job that did not get as far as running restic. */
export function endedWith(outcome: JobOutcome, error: Failure): Ended {
  return {
    outcome,
    error,
    exitCode: null,
    stats: null,
    upkeep: null,
    restore: null,
  };
}

const longestText = 8_192;

/** Runs one job and reports it: started, its log, done. Never rejects for a job that failed. */
export async function reportJob(
  deps: JobReportDeps,
  { about, command, secrets }: ReportedJob,
  signal: AbortSignal,
  work: (log: JobLog) => Promise<Ended>,
): Promise<void> {
  const { outbox, jobs, time } = deps;
  const { job_id } = about;
  const startedAt = time.stamp();
  const log = createJobLog({ ...deps, jobId: job_id, secrets });
  await keep(deps, signal, () =>
    outbox.transaction(() => {
      jobs.started(job_id, startedAt);
      const started: JobStarted = {
        ...about,
        started_at: startedAt,
        command: truncate(command, longestText),
      };
      outbox.put("job.started", started);
    }),
  );

  const ended = await attempt(signal, () => work(log));
  if (ended.error !== null)
    log.add(
      ended.outcome === "failed" ? "error" : "warning",
      "system",
      ended.error.message,
    );
  await keep(deps, signal, log.flush);

  const done: JobDone = {
    ...about,
    outcome: ended.outcome,
    started_at: startedAt,
    finished_at: time.stamp(),
    exit_code: ended.exitCode,
    error:
      ended.error === null
        ? null
        : {
            ...ended.error,
            message: truncate(ended.error.message, longestText),
          },
    stats: ended.stats,
    upkeep: ended.upkeep,
    restore: ended.restore,
    log_lines: log.lines(),
  };
  await keep(deps, signal, () =>
    outbox.transaction(() => {
      outbox.put("job.done", done);
      jobs.remove(job_id);
      deps.ended(done);
    }),
  );
}

async function attempt(
  signal: AbortSignal,
  work: () => Promise<Ended>,
): Promise<Ended> {
  const cancelled = () =>
    endedWith(
      "cancelled",
      failure(signal.reason as "cancelled" | "agent_stopped"),
    );
  if (signal.aborted) return cancelled();
  try {
    return await work();
  } catch (error) {
    // What it was about to do was ended; a fault of the agent is told all the same.
    return signal.aborted && error instanceof FailureError
      ? cancelled()
      : endedWith("failed", failureFrom(error));
  }
}
