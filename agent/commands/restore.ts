import { rmSync } from "node:fs";
import { join, posix } from "node:path";
import { failure } from "@restic-manager/shared/domain/failure.ts";
import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import { atLeast } from "@restic-manager/shared/domain/restic-version.ts";
import type { RestoreStats } from "@restic-manager/shared/domain/restore.ts";
import { nothingRestored } from "@restic-manager/shared/domain/restore-words.ts";
import type { RestoreSecret } from "@restic-manager/shared/protocol/command.ts";
import { FailureError } from "../failure-error.ts";
import { isRealFolder, isThere } from "../platform/target-folder.ts";
import { commandText } from "../restic/args.ts";
import { succeeded } from "../restic/capture.ts";
import { secretsOf } from "../restic/env.ts";
import {
  failureOf,
  ranToItsEnd,
  type ResticEnd,
} from "../restic/exit-codes.ts";
import type { ResticMessage } from "../restic/messages.ts";
import { restoreSince } from "../restic/restore-args.ts";
import { snapshotFailureOf } from "../restic/snapshot-words.ts";
import { bytesText, logMessage } from "./backup-log.ts";
import { reportJob, type Ended, type JobReportDeps } from "./job-report.ts";
import { aboutJob, type RestoreRequest } from "./job-store.ts";
import { phaseOnly } from "./progress.ts";
import { createRestoreFacts, type RestoreFacts } from "./restore-facts.ts";
import { createLook, refuseInTheWay } from "./restore-look.ts";
import {
  checkPlace,
  leastSpace,
  placeOfRestore,
  type RestoreHost,
  type RestorePart,
  type RestorePlace,
} from "./restore-place.ts";
import { createRestoreProgress } from "./restore-progress.ts";
import {
  createRunPart,
  type Restore,
  type RestoreRunDeps,
  type RunPart,
} from "./restore-run.ts";

export interface RestoreDeps extends JobReportDeps, RestoreRunDeps {
  readonly live: (jobId: string, progress: JobProgress) => void;
  readonly restoreHost: RestoreHost;
  /** Which restic restores. Throws `restic_missing`. */
  readonly restic: () => Promise<{ readonly version: string }>;
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
function checkSpace(place: RestorePlace, { total_bytes }: RestoreSecret): void {
  const { folder, free } = leastSpace(place);
  if (place.state === "not_empty" || free === null || total_bytes === null)
    return;
  if (free < total_bytes)
    throw new FailureError(
      "target_full",
      `${folder} has ${bytesText(free)} free, and the files take ${bytesText(total_bytes)}; nothing was restored. Choose another folder.`,
    );
}

async function restore(task: Restore<RestoreDeps>): Promise<Ended> {
  const { deps, request } = task;
  const cacheDir = join(deps.tmpDir, `${request.job_id}.cache`);
  const run = createRunPart(task, cacheDir);
  try {
    const cut = await lookFirst(task, run);
    return cut === null ? await restoreParts(task, run) : endOfLook(task, cut);
  } finally {
    rmSync(cacheDir, { recursive: true, force: true });
  }
}

/**
 * restic removes what lies where a folder is to be, by any rule: before what is there is to be kept, this looks for it and throws
 * `FailureError`. By that rule a look reads no file. Resolves to how it was cut short, or null.
 */
async function lookFirst(
  { deps, request, place, secret, version }: Restore<RestoreDeps>,
  run: RunPart,
): Promise<ResticEnd | null> {
  const { overwrite } = secret;
  if (overwrite !== "never" || place.state !== "not_empty") return null;
  if (!atLeast(version, restoreSince.care)) return null;
  const look = createLook(overwrite);
  const tell = (phase: JobProgress["phase"]) =>
    deps.live(request.job_id, phaseOnly(phase));
  let isWaiting = false;
  for (const part of place.parts) {
    const add = look.of(part);
    const end = await run(part, {
      isDryRun: true,
      onMessage(message, _stream, line) {
        if (isWaiting && message.type === "status") {
          isWaiting = false;
          tell("restoring");
        }
        add(message, line);
      },
      onLocked() {
        isWaiting = true;
        tell("locked");
      },
    });
    if (isCut(end) && !isNothingThere(end)) return end;
  }
  refuseInTheWay(overwrite, look.found().inTheWay);
  return null;
}

async function restoreParts(
  task: Restore<RestoreDeps>,
  run: RunPart,
): Promise<Ended> {
  const { deps, request, secret, place, version } = task;
  const facts = createRestoreFacts(atLeast(version, restoreSince.care));
  const progress = createRestoreProgress(
    deps.clock,
    (p) => deps.live(request.job_id, p),
    secret.total_bytes,
    place.parts.length > 1,
  );
  const missing: string[] = [];
  let worst: ResticEnd | null = null;
  try {
    for (const part of place.parts) {
      const end = await run(part, {
        isDryRun: false,
        onMessage(message, stream) {
          const isFolder = isFolderNow(part, message);
          facts.add(message, { isFolder, base: part.base });
          if (message.type !== "restored") {
            progress.add(message);
            return logMessage(task.log, message, stream);
          }
          const { action, path, size } = message;
          const whole = posix.join(part.base, path);
          progress.add({ type: "restored", action, path: whole, size });
          if (!isFolder)
            task.log.file(action === "updated" ? "changed" : "new", whole);
        },
        isHopeless: facts.isFull,
        onLocked: progress.locked,
      });
      const isNothing = isNothingThere(end);
      missing.push(...(isNothing ? chosenIn(part) : missingIn(part)));
      if (worst === null || isNothingThere(worst)) worst = end;
      else if (!isNothing && !succeeded(end)) worst = end;
      if (isCut(end) && !isNothing) break;
    }
  } finally {
    progress.stop();
  }
  if (worst === null) throw new FailureError("path_missing");
  return endOf(task, facts, worst, missing);
}

/** Whether it is over: restic has not just failed with single files. */
function isCut(end: ResticEnd): boolean {
  return !succeeded(end) && !ranToItsEnd(end);
}

/** Whether the snapshot has nothing of the folder that one part is about; it may have something of another one. */
function isNothingThere(end: ResticEnd): boolean {
  return (
    end.stopped === null &&
    !succeeded(end) &&
    snapshotFailureOf(end).code === "path_missing"
  );
}

function isFolderNow({ folder }: RestorePart, message: ResticMessage): boolean {
  return (
    message.type === "restored" &&
    message.size === 0 &&
    isRealFolder(join(folder, message.path))
  );
}

function chosenIn({ base, includes }: RestorePart): string[] {
  return includes.map((path) => posix.join(base, path));
}

/** What is not there afterwards. What is not UTF-8 cannot be looked for by the name that is known of it. */
function missingIn({ folder, base, includes }: RestorePart): string[] {
  return includes
    .filter((path) => !path.includes("\uFFFD") && !isThere(join(folder, path)))
    .map((path) => posix.join(base, path));
}

/** A look writes nothing, however it is cut short. */
function endOfLook({ place: { target } }: Restore, end: ResticEnd): Ended {
  const isCancelled =
    end.stopped === "cancelled" || end.stopped === "agent_stopped";
  const { code, message } = isCancelled
    ? failureOf(end)
    : snapshotFailureOf(end);
  return {
    outcome: isCancelled ? "cancelled" : "failed",
    error: failure(code, `${message} ${nothingRestored}`),
    exitCode: end.exit.code,
    stats: null,
    upkeep: null,
    restore: { errors: 0, target },
  };
}

function endOf(
  { place: { parts, target }, log }: Restore,
  facts: RestoreFacts,
  end: ResticEnd,
  missing: readonly string[],
): Ended {
  const restored = facts.stats();
  if (succeeded(end) || restored.files_restored !== undefined)
    log.add("info", "system", restoredText(restored, target));
  const chosen = parts.reduce((sum, { includes }) => sum + includes.length, 0);
  return {
    ...facts.outcome(end, missing, chosen),
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
