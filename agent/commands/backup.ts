import { delay, type Clock } from "@restic-manager/shared/clock.ts";
import {
  failure,
  type Failure,
} from "@restic-manager/shared/domain/failure.ts";
import type {
  BackupStats,
  JobOutcome,
  JobProgress,
} from "@restic-manager/shared/domain/job.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { truncate } from "@restic-manager/shared/redact.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import type {
  JobDone,
  JobStarted,
  SnapshotRecord,
} from "@restic-manager/shared/protocol/event.ts";
import { FailureError, failureFrom } from "../failure-error.ts";
import type { Outbox } from "../link/outbox.ts";
import type { ServerTime } from "../link/server-time.ts";
import { backupArgs, commandText, type SourceGroup } from "../restic/args.ts";
import { createBackupFacts } from "../restic/backup-facts.ts";
import { secretsOf } from "../restic/env.ts";
import { backupOutcome, type ResticEnd } from "../restic/exit-codes.ts";
import type { ResticRunner } from "../restic/run.ts";
import { logMessage, summaryText } from "./backup-log.ts";
import { createJobLog, type JobLog } from "./job-log.ts";
import type { JobRequest, JobStore } from "./job-store.ts";
import { createProgressReporter } from "./progress.ts";
import { tidyLocks } from "./stale-locks.ts";

export type ConfiguredRepository = ConfigBundle["repositories"][number];

export interface BackupDeps {
  readonly clock: Clock;
  readonly time: Pick<ServerTime, "stamp">;
  readonly log: Log;
  readonly outbox: Outbox;
  readonly jobs: JobStore;
  readonly runner: ResticRunner;
  readonly configuration: { current(): ConfigBundle | null };
  readonly hostname: () => string;
  readonly live: (jobId: string, progress: JobProgress) => void;
  /** Lists the repository anew; null when that failed. */
  readonly reportSnapshots: (
    repository: ConfiguredRepository,
  ) => Promise<SnapshotRecord[] | null>;
  /** Whether a process of this host is alive. */
  readonly isAlive: (pid: number) => boolean;
  readonly limits: { readonly stallMs: number; readonly limitMs: number };
}

interface Ended {
  readonly outcome: JobOutcome;
  readonly error: Failure | null;
  readonly exitCode: number | null;
  readonly stats: BackupStats | null;
}

const longestText = 8_192;
const keepAgainMs = 5_000;

/** Runs one backup and reports it: started, its log, the snapshots, done. Never rejects for a backup that failed. */
export async function runBackup(
  deps: BackupDeps,
  request: JobRequest,
  signal: AbortSignal,
): Promise<void> {
  const { outbox, jobs, time } = deps;
  const { job_id } = request;
  const startedAt = time.stamp();
  const plan = planOf(deps.configuration.current(), request.source_group_id);
  const log = createJobLog({
    ...deps,
    jobId: job_id,
    secrets: plan === null ? [] : secretsOf(plan.repository),
  });
  const about = {
    ...request,
    kind: "backup" as const,
    repository_id: plan?.repository.id ?? null,
    started_at: startedAt,
  };

  const args = plan === null ? [] : backupArgs(plan.group, deps.hostname());
  await keep(deps, signal, () =>
    outbox.transaction(() => {
      jobs.started(job_id, startedAt);
      const started: JobStarted = {
        ...about,
        command: truncate(commandText(args), longestText),
      };
      outbox.put("job.started", started);
    }),
  );

  const ended = await attempt(async () => {
    if (signal.aborted) return cancelled(signal);
    if (plan === null) throw new FailureError("config_outdated");
    log.add("info", "system", commandText(args));
    return backUp(
      deps,
      { job_id, args, repository: plan.repository },
      log,
      signal,
    );
  });
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
    log_lines: log.lines(),
  };
  await keep(deps, signal, () =>
    outbox.transaction(() => {
      outbox.put("job.done", done);
      jobs.remove(job_id);
    }),
  );
}

/** On a full disk there is no other way than to wait: what is not on it does not survive a crash. */
async function keep(
  { clock, log }: BackupDeps,
  signal: AbortSignal,
  write: () => void,
): Promise<void> {
  for (;;) {
    try {
      return write();
    } catch (error) {
      const isDisk = error instanceof Error && "code" in error;
      if (!isDisk || signal.reason === "agent_stopped") throw error;
      log.error("A report cannot be kept and is tried again", { error });
      await delay(clock, keepAgainMs);
    }
  }
}

function planOf(
  bundle: ConfigBundle | null,
  groupId: string,
): { group: SourceGroup; repository: ConfiguredRepository } | null {
  const group = bundle?.groups.find((g) => g.id === groupId);
  const repository = bundle?.repositories.find(
    (r) => r.id === group?.repository_id,
  );
  return group === undefined || repository === undefined
    ? null
    : { group, repository };
}

async function attempt(work: () => Promise<Ended>): Promise<Ended> {
  try {
    return await work();
  } catch (error) {
    return {
      outcome: "failed",
      error: failureFrom(error),
      exitCode: null,
      stats: null,
    };
  }
}

function cancelled(signal: AbortSignal): Ended {
  const error = failure(signal.reason as "cancelled" | "agent_stopped");
  return { outcome: "cancelled", error, exitCode: null, stats: null };
}

async function backUp(
  deps: BackupDeps,
  job: {
    job_id: string;
    args: readonly string[];
    repository: ConfiguredRepository;
  },
  log: JobLog,
  signal: AbortSignal,
): Promise<Ended> {
  const { job_id, args, repository } = job;
  const facts = createBackupFacts();
  const progress = createProgressReporter(deps.clock, (p) =>
    deps.live(job_id, p),
  );
  let end: ResticEnd;
  try {
    end = await deps.runner.run({
      args,
      repository,
      signal,
      ...deps.limits,
      onStart: (pid) => deps.jobs.running(job_id, pid),
      onMessage(message, stream) {
        progress.add(message);
        facts.add(message);
        logMessage(log, message, stream);
      },
    });
  } finally {
    progress.stop();
  }
  const { summary } = facts.facts();
  const outcome = backupOutcome(end, facts.facts());
  if (summary === null) {
    // Whoever killed restic left it no time to unlock.
    const isKilled = end.exit.signal !== null && !signal.aborted;
    const words = isKilled
      ? await tidyLocks({ ...deps, signal }, repository)
      : null;
    if (words !== null) log.add("warning", "system", words);
    return { ...outcome, exitCode: end.exit.code, stats: null };
  }
  log.add("info", "system", summaryText(summary));
  await keep(deps, signal, log.flush);
  const snapshots = await deps.reportSnapshots(repository).catch(() => null);
  return {
    ...outcome,
    exitCode: end.exit.code,
    stats: withFullId(summary, snapshots),
  };
}

/** restic 0.14 says only the first eight digits of the snapshot it made. */
function withFullId(
  stats: BackupStats,
  snapshots: SnapshotRecord[] | null,
): BackupStats {
  const { snapshot_id } = stats;
  if (snapshot_id === undefined) return stats;
  const full = snapshots?.find(({ id }) => id.startsWith(snapshot_id))?.id;
  return full === undefined ? stats : { ...stats, snapshot_id: full };
}
