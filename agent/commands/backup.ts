import { failure } from "@restic-manager/shared/domain/failure.ts";
import type {
  BackupStats,
  JobProgress,
} from "@restic-manager/shared/domain/job.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import { FailureError } from "../failure-error.ts";
import {
  backupArgs,
  commandText,
  limitArgs,
  type SourceGroup,
} from "../restic/args.ts";
import { createBackupFacts } from "../restic/backup-facts.ts";
import {
  createChangedFolders,
  type ChangedFolders,
  type MadeSnapshot,
} from "../restic/changed-folders.ts";
import { secretsOf } from "../restic/env.ts";
import { backupOutcome, type ResticEnd } from "../restic/exit-codes.ts";
import {
  runPostHook,
  runPreHook,
  type BackupHooksDeps,
  type HookedJob,
} from "./backup-hooks.ts";
import { logMessage, summaryText } from "./backup-log.ts";
import {
  endedWith,
  reportJob,
  type Ended,
  type JobReportDeps,
} from "./job-report.ts";
import type { JobLog } from "./job-log.ts";
import { aboutJob, type BackupRequest } from "./job-store.ts";
import { keep } from "./keep.ts";
import { runPatiently, type LockPatienceDeps } from "./lock-patience.ts";
import { createProgressReporter } from "./progress.ts";
import type { ListedSnapshot } from "./snapshots.ts";
import type { Stats } from "./stats.ts";

export type ConfiguredRepository = ConfigBundle["repositories"][number];

export interface BackupDeps
  extends JobReportDeps, BackupHooksDeps, LockPatienceDeps {
  readonly configuration: { current(): ConfigBundle | null };
  readonly live: (jobId: string, progress: JobProgress) => void;
  /** Lists the repository anew; null when that failed. */
  readonly reportSnapshots: (
    repository: ConfiguredRepository,
  ) => Promise<ListedSnapshot[] | null>;
  /** Called before the end of the job is reported. */
  readonly snapshotMade: (snapshot: MadeSnapshot) => void;
  readonly stats: Pick<Stats, "afterBackup">;
  readonly limits: { readonly stallMs: number; readonly limitMs: number };
}

/** What a backup runs by, as configured at its start. */
interface Plan extends HookedJob {
  readonly args: readonly string[];
  readonly command: string;
  readonly repository: ConfiguredRepository;
  readonly request: BackupRequest;
  readonly group: SourceGroup;
}

/** Runs one backup between its hooks and reports it. Never rejects for a backup that failed. */
export async function runBackup(
  deps: BackupDeps,
  request: BackupRequest,
  signal: AbortSignal,
): Promise<void> {
  const plan = planOf(deps, request);
  const command = plan?.command ?? commandText([]);
  await reportJob(
    deps,
    {
      about: aboutJob(request, plan?.repository.id ?? null),
      command,
      secrets: plan === null ? [] : secretsOf(plan.repository),
    },
    signal,
    async (log) => {
      if (plan === null) throw new FailureError("config_outdated");
      // Without its hook a dump may be worthless, which nobody would notice before the restore.
      if (plan.group.hooks.unreadable)
        throw new FailureError("hook_unreadable");
      return backUpBetweenHooks(deps, plan, log, signal);
    },
  );
}

function planOf(
  { configuration, hostname }: BackupDeps,
  request: BackupRequest,
): Plan | null {
  const bundle = configuration.current();
  const group = bundle?.groups.find((g) => g.id === request.source_group_id);
  const repository = bundle?.repositories.find(
    (r) => r.id === group?.repository_id,
  );
  if (bundle === null || group === undefined || repository === undefined)
    return null;
  const args = backupArgs(group, hostname(), repository.url);
  const limits = limitArgs(request.limits ?? bundle.limits);
  return {
    request,
    group,
    repository,
    jobId: request.job_id,
    shell: bundle.hook_shell,
    args,
    command: commandText([...limits, ...args]),
  };
}

async function backUpBetweenHooks(
  deps: BackupDeps,
  plan: Plan,
  log: JobLog,
  signal: AbortSignal,
): Promise<Ended> {
  let ended: Ended | null = null;
  const folders = createChangedFolders();
  try {
    const refusal = await runPreHook(deps, plan, log, signal);
    ended =
      refusal === null
        ? await runRestic(deps, plan, { log, folders }, signal)
        : endedWith(signal.aborted ? "cancelled" : "failed", refusal);
  } finally {
    // Also when the agent itself is at fault: what the pre-hook stopped must be started again.
    await runPostHook(deps, plan, log, {
      status: isGood(ended) ? "succeeded" : "failed",
      snapshotId: ended?.stats?.snapshot_id,
      signal,
    });
  }
  if (ended.stats === null) return ended;
  await keep(deps, signal, log.flush);
  const snapshots = await deps
    .reportSnapshots(plan.repository)
    .catch(() => null);
  await deps.stats.afterBackup(
    { repositoryId: plan.repository.id, repository: plan.repository },
    snapshots === null ? {} : { snapshot_count: snapshots.length },
  );
  const stats = withFullId(ended.stats, snapshots);
  const made = madeSnapshot(stats, snapshots ?? [], folders);
  if (made !== null) deps.snapshotMade(made);
  return { ...ended, stats };
}

function isGood(ended: Ended | null): boolean {
  return (
    ended?.outcome === "succeeded" || ended?.outcome === "succeeded_with_issues"
  );
}

async function runRestic(
  deps: BackupDeps,
  { jobId, args, command, repository, request }: Plan,
  { log, folders }: { readonly log: JobLog; readonly folders: ChangedFolders },
  signal: AbortSignal,
): Promise<Ended> {
  if (signal.aborted)
    return endedWith(
      "cancelled",
      failure(signal.reason as "cancelled" | "agent_stopped"),
    );
  log.add("info", "system", command);
  const facts = createBackupFacts();
  const progress = createProgressReporter(deps.clock, (p) =>
    deps.live(jobId, p),
  );
  let end: ResticEnd;
  try {
    end = await runPatiently(
      deps,
      { jobId, repositoryId: repository.id, log, onLocked: progress.locked },
      {
        args,
        repository,
        signal,
        ...deps.limits,
        ...(request.limits === undefined ? {} : { limits: request.limits }),
        onStart: (pid) => deps.jobs.running(jobId, pid),
        onMessage(message, stream) {
          progress.add(message);
          facts.add(message);
          folders.add(message);
          logMessage(log, message, stream);
        },
      },
    );
  } finally {
    progress.stop();
  }
  const { summary } = facts.facts();
  if (summary !== null) log.add("info", "system", summaryText(summary));
  return {
    ...backupOutcome(end, facts.facts()),
    exitCode: end.exit.code,
    stats: summary,
    upkeep: null,
    restore: null,
  };
}

/** restic 0.14 says only the first eight digits of the snapshot it made. */
function withFullId(
  stats: BackupStats,
  snapshots: ListedSnapshot[] | null,
): BackupStats {
  const { snapshot_id } = stats;
  if (snapshot_id === undefined) return stats;
  const full = snapshots?.find(({ id }) => id.startsWith(snapshot_id))?.id;
  return full === undefined ? stats : { ...stats, snapshot_id: full };
}

function madeSnapshot(
  { snapshot_id }: BackupStats,
  snapshots: readonly ListedSnapshot[],
  folders: ChangedFolders,
): MadeSnapshot | null {
  const made = snapshots.find(({ id }) => id === snapshot_id);
  if (made === undefined || made.tree === null) return null;
  const { id, tree, hostname, paths, parent } = made;
  const parentTree = snapshots.find((one) => one.id === parent)?.tree ?? null;
  return { id, tree, hostname, paths, parentTree, folders: folders.list() };
}
