import { rmSync } from "node:fs";
import { join, posix } from "node:path";
import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import { atLeast } from "@restic-manager/shared/domain/restic-version.ts";
import type { RestoreStats } from "@restic-manager/shared/domain/restore.ts";
import type { RestoreSecret } from "@restic-manager/shared/protocol/command.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import { FailureError } from "../failure-error.ts";
import { freeSpace, isRealFolder, isThere } from "../platform/target-folder.ts";
import type { OutputStream } from "../platform/output.ts";
import { commandText, noLock } from "../restic/args.ts";
import { secretsOf } from "../restic/env.ts";
import type { ResticEnd, StopReason } from "../restic/exit-codes.ts";
import type { ResticMessage } from "../restic/messages.ts";
import { restoreArgs, restoreSince } from "../restic/restore-args.ts";
import type { ResticCall } from "../restic/run.ts";
import { isMissingSnapshot, isRefusedLock } from "../restic/snapshot-words.ts";
import { bytesText, logMessage } from "./backup-log.ts";
import type { JobLog } from "./job-log.ts";
import { reportJob, type Ended, type JobReportDeps } from "./job-report.ts";
import { aboutJob, type RestoreRequest } from "./job-store.ts";
import { runPatiently, type LockPatienceDeps } from "./lock-patience.ts";
import { createRestoreFacts, type RestoreFacts } from "./restore-facts.ts";
import { withIncludes } from "./restore-includes.ts";
import {
  checkPlace,
  placeOfRestore,
  type RestoreHost,
  type RestorePlace,
} from "./restore-place.ts";
import { createRestoreProgress } from "./restore-progress.ts";

export interface RestoreDeps extends JobReportDeps, LockPatienceDeps {
  readonly configuration: { current(): ConfigBundle | null };
  readonly live: (jobId: string, progress: JobProgress) => void;
  readonly limits: { readonly stallMs: number; readonly limitMs: number };
  readonly restoreHost: RestoreHost;
  /** Which restic restores. Throws `restic_missing`. */
  readonly restic: () => Promise<{ readonly version: string }>;
  /** Private folder for short-lived files. */
  readonly tmpDir: string;
}

/** One restore on its way. */
interface Restore {
  readonly deps: RestoreDeps;
  readonly request: RestoreRequest;
  readonly secret: RestoreSecret;
  readonly place: RestorePlace;
  readonly version: string;
  readonly log: JobLog;
  readonly signal: AbortSignal;
}

/** Runs one restore and reports it. Never rejects for a restore that failed. */
export async function runRestore(
  deps: RestoreDeps,
  request: RestoreRequest,
  secret: RestoreSecret,
  signal: AbortSignal,
): Promise<void> {
  await reportJob(
    deps,
    {
      about: aboutJob(request, request.repository_id),
      command: commandText(["restore", secret.snapshot_id]),
      secrets: secretsOf(secret),
    },
    signal,
    async (log) => {
      const { version } = await deps.restic();
      const place = placeOfRestore(secret, request.job_id, deps.restoreHost);
      checkPlace(place, secret, version);
      checkSpace(place, secret);
      return restore({ deps, request, secret, place, version, log, signal });
    },
  );
}

/** Where something is there already, what is to come may replace it: only restic can tell. */
function checkSpace(
  { folder, state }: RestorePlace,
  { total_bytes }: RestoreSecret,
): void {
  const free = freeSpace(folder);
  if (state === "not_empty" || free === null || total_bytes === null) return;
  if (free < total_bytes)
    throw new FailureError(
      "target_full",
      `${folder} has ${bytesText(free)} free, and the files take ${bytesText(total_bytes)}; nothing was restored. Choose another folder.`,
    );
}

async function restore(task: Restore): Promise<Ended> {
  const { deps, request, place, log } = task;
  const cacheDir = join(deps.tmpDir, `${request.job_id}.cache`);
  const facts = createRestoreFacts((path) =>
    isRealFolder(join(place.folder, path)),
  );
  try {
    const first = await runRestic(task, facts, cacheDir, []);
    if (!first.isLockRefused) return endOf(task, facts, first.end);
    log.add("warning", "system", lockRefused);
    const { end } = await runRestic(task, facts, cacheDir, [noLock]);
    return endOf(task, facts, end);
  } finally {
    rmSync(cacheDir, { recursive: true, force: true });
  }
}

const lockRefused =
  "No lock can be written into the repository, which may be full or read-only. It is read without one.";

async function runRestic(
  task: Restore,
  facts: RestoreFacts,
  cacheDir: string,
  more: readonly string[],
): Promise<{ end: ResticEnd; isLockRefused: boolean }> {
  const { deps, request, secret, place, version, log, signal } = task;
  const { job_id: jobId, repository_id: repositoryId, limits } = request;
  const progress = createRestoreProgress(
    deps.clock,
    (p) => deps.live(jobId, p),
    secret.total_bytes,
  );
  const ending = new AbortController();
  let isLockRefused = false;
  const onMessage: ResticCall["onMessage"] = (message, stream, line) => {
    progress.add(message);
    facts.add(message);
    logRestored(task, message, stream);
    if (stream === "stderr" && isRefusedLock(line)) isLockRefused = true;
    const isHopeless = stream === "stderr" && isMissingSnapshot(line);
    if (isLockRefused || isHopeless || facts.isFull())
      ending.abort("refused" satisfies StopReason);
  };
  const { tmpDir } = deps;
  try {
    return await withIncludes(
      place.includes,
      { version, tmpDir, name: jobId },
      async (given) => {
        const args = [
          ...restoreArgs(
            {
              ...given,
              snapshotId: secret.snapshot_id,
              base: place.base,
              target: place.folder,
              overwrite: secret.overwrite,
              isDryRun: false,
            },
            version,
          ),
          ...more,
        ];
        log.add("info", "system", commandText(args));
        const end = await runPatiently(
          deps,
          { jobId, repositoryId, log, onLocked: progress.locked },
          {
            args,
            repository: secret,
            signal: AbortSignal.any([signal, ending.signal]),
            ...limitsFor(deps, version),
            ...(limits === undefined ? {} : { limits }),
            ...(isOwn(deps, repositoryId) ? {} : { cacheDir }),
            onStart: (pid) => deps.jobs.running(jobId, pid),
            onMessage,
          },
        );
        return { end, isLockRefused: isLockRefused && !signal.aborted };
      },
    );
  } finally {
    progress.stop();
  }
}

/** Of one that says nothing on its way, nobody can tell whether it stalls. */
function limitsFor({ limits }: RestoreDeps, version: string) {
  return atLeast(version, restoreSince.progress)
    ? limits
    : { limitMs: limits.limitMs };
}

/** Nothing stays on this host of a repository that is another one's. */
function isOwn({ configuration }: RestoreDeps, repositoryId: string): boolean {
  const repositories = configuration.current()?.repositories ?? [];
  return repositories.some(({ id }) => id === repositoryId);
}

function logRestored(
  { place: { folder, base }, log }: Restore,
  message: ResticMessage,
  stream: OutputStream,
): void {
  if (message.type !== "restored") return logMessage(log, message, stream);
  const { path, size, action } = message;
  if (size === 0 && isRealFolder(join(folder, path))) return;
  log.file(action === "updated" ? "changed" : "new", posix.join(base, path));
}

function endOf(
  { place, log }: Restore,
  facts: RestoreFacts,
  end: ResticEnd,
): Ended {
  const { folder, includes, target } = place;
  // What is not UTF-8 cannot be looked for by the name that is known of it.
  const missing = includes.filter(
    (path) => !path.includes("\uFFFD") && !isThere(join(folder, path)),
  );
  const restored = facts.stats();
  log.add("info", "system", restoredText(restored, target));
  return {
    ...facts.outcome(end, missing, includes.length),
    exitCode: end.exit.code,
    stats: null,
    upkeep: null,
    restore: { ...restored, target },
  };
}

function restoredText(
  { files_restored, files_skipped = 0, bytes_restored = 0 }: RestoreStats,
  target: string | null,
): string {
  const where = target === null ? "in place" : `into ${target}`;
  if (files_restored === undefined) return `Restored ${where}.`;
  const left =
    files_skipped === 0 ? "" : `, ${files_skipped} left as they were`;
  return `${files_restored} files restored ${where}, ${bytesText(bytes_restored)}${left}.`;
}
