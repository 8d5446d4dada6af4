import { delay } from "@restic-manager/shared/clock.ts";
import { failure, failures } from "@restic-manager/shared/domain/failure.ts";
import { brokenOff } from "@restic-manager/shared/domain/restore-words.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import type { JobDone } from "@restic-manager/shared/protocol/event.ts";
import type { Outbox } from "../link/outbox.ts";
import type { ServerTime } from "../link/server-time.ts";
import { secretsOf } from "../restic/env.ts";
import type { ConfiguredRepository } from "./backup.ts";
import { runPostHook, type BackupHooksDeps } from "./backup-hooks.ts";
import { createJobLog, type JobLog } from "./job-log.ts";
import {
  aboutJob,
  type JobRequest,
  type JobStore,
  type StoredJob,
} from "./job-store.ts";
import { isDiskError, keep, keepAgainMs } from "./keep.ts";
import {
  lookAtLocks,
  removedWords,
  tidyLocks,
  type StaleLocksDeps,
} from "./stale-locks.ts";

export interface RecoveryDeps extends BackupHooksDeps, StaleLocksDeps {
  readonly time: Pick<ServerTime, "stamp">;
  readonly outbox: Outbox;
  readonly jobs: JobStore;
  readonly configuration: { current(): ConfigBundle | null };
  /** Whether a process of this host is alive. */
  readonly isAlive: (pid: number) => boolean;
  /** Called as part of the transaction that keeps a job's end. */
  readonly ended: (done: JobDone) => void;
  /** Aborted when the agent stops; what is not reported by then is at the next start. */
  readonly signal: AbortSignal;
}

/** restic ends by itself after the agent's death; it may still upload what was in flight. */
const restEndMs = 45_000;
const lookMs = 500;

/** Reports every job that the agent did not bring to an end before it ended itself: lost, and with what it left behind. */
export async function recoverJobs(deps: RecoveryDeps): Promise<void> {
  const { jobs, clock, log, signal } = deps;
  for (const { request } of jobs.list()) {
    const { job_id } = request;
    const find = () => jobs.list().find((one) => one.request.job_id === job_id);
    for (let job = find(); job !== undefined; job = find()) {
      if (signal.aborted) return;
      try {
        await recover(deps, job);
        break;
      } catch (error) {
        log.error("A lost job could not be reported", { job_id, error });
        // Until there is room on the disk again: nobody else would ever end it.
        if (!isDiskError(error)) break;
        await delay(clock, keepAgainMs, signal);
      }
    }
  }
  await tidySuspects(deps);
}

/** Others may want a repository long before this host's next job there. */
async function tidySuspects(deps: RecoveryDeps): Promise<void> {
  const { configuration, suspects, signal, log } = deps;
  for (const repository of configuration.current()?.repositories ?? []) {
    const repositoryId = repository.id;
    if (!suspects.has(repositoryId) || signal.aborted) continue;
    const place = { repositoryId, repository, jobId: null, signal };
    // One that cannot be asked now holds nothing up.
    if ((await lookAtLocks(deps, place)) === null) continue;
    const reason = removedWords(await tidyLocks(deps, place));
    if (reason !== null)
      log.warn("A lock was removed", { repository_id: repositoryId, reason });
  }
}

async function recover(deps: RecoveryDeps, job: StoredJob): Promise<void> {
  const { outbox, jobs, time } = deps;
  const { request, startedAt, logLines, owesHook } = job;
  const bundle = deps.configuration.current();
  const repositoryId = repositoryOf(bundle, request);
  const repository = bundle?.repositories.find((r) => r.id === repositoryId);
  const log = createJobLog({
    ...deps,
    jobId: request.job_id,
    secrets: repository === undefined ? [] : secretsOf(repository),
    after: logLines,
  });

  const left =
    startedAt === null || repositoryId === null
      ? null
      : await leftBehind(deps, job, repositoryId, repository);
  if (deps.signal.aborted) return;
  if (owesHook && bundle !== null)
    await runOwedHook(deps, bundle, request, log);
  const reason =
    startedAt === null
      ? "The agent ended unexpectedly before this job began; nothing was done."
      : request.kind === "restore"
        ? `${failures.agent_restarted} ${brokenOff}`
        : failures.agent_restarted;
  const message = left === null ? reason : `${reason} ${left}`;
  log.add("error", "system", message);
  await keep(deps, deps.signal, log.flush);
  deps.log.warn("A job was lost when the agent ended", {
    job_id: request.job_id,
    reason: message,
  });

  const done: JobDone = {
    ...aboutJob(request, repositoryId),
    outcome: "lost",
    started_at: startedAt ?? time.stamp(),
    finished_at: time.stamp(),
    exit_code: null,
    error: failure("agent_restarted", message),
    stats: null,
    upkeep: null,
    restore: null,
    log_lines: log.lines(),
  };
  await keep(deps, deps.signal, () =>
    outbox.transaction(() => {
      outbox.put("job.done", done);
      jobs.remove(request.job_id);
      deps.ended(done);
    }),
  );
}

/** The pre-hook may have stopped what the post-hook starts again. */
async function runOwedHook(
  deps: RecoveryDeps,
  bundle: ConfigBundle,
  request: JobRequest,
  log: JobLog,
): Promise<void> {
  const group = groupOf(bundle, request);
  if (group === undefined) return;
  const job = { jobId: request.job_id, group, shell: bundle.hook_shell };
  await runPostHook(deps, job, log, { status: "failed" });
}

function groupOf(bundle: ConfigBundle | null, request: JobRequest) {
  return request.kind === "backup"
    ? bundle?.groups.find((g) => g.id === request.source_group_id)
    : undefined;
}

function repositoryOf(
  bundle: ConfigBundle | null,
  request: JobRequest,
): string | null {
  return request.kind === "backup"
    ? (groupOf(bundle, request)?.repository_id ?? null)
    : request.repository_id;
}

async function leftBehind(
  deps: RecoveryDeps,
  { request, pid }: StoredJob,
  repositoryId: string,
  repository: ConfiguredRepository | undefined,
): Promise<string | null> {
  const { suspects, signal } = deps;
  suspects.add(repositoryId, pid);
  // What opens another repository went with the agent's memory; the next job there looks.
  if (repository === undefined) return null;
  await restEnd(deps, pid);
  const { job_id: jobId } = request;
  const place = { repositoryId, repository, jobId, signal };
  return removedWords(await tidyLocks(deps, place));
}

async function restEnd(
  { clock, isAlive, signal }: RecoveryDeps,
  pid: number | null,
): Promise<void> {
  const until = clock.now() + restEndMs;
  while (pid !== null && isAlive(pid) && clock.now() < until && !signal.aborted)
    await delay(clock, lookMs, signal);
}
