import type { Clock } from "@restic-manager/shared/clock.ts";
import { atLeast } from "@restic-manager/shared/domain/restic-version.ts";
import type { RestoreSecret } from "@restic-manager/shared/protocol/command.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import { commandText, noLock } from "../restic/args.ts";
import type { ResticEnd, StopReason } from "../restic/exit-codes.ts";
import type { ResticMessage } from "../restic/messages.ts";
import { restoreArgs, restoreSince } from "../restic/restore-args.ts";
import type { ResticCall } from "../restic/run.ts";
import { isMissingSnapshot, isRefusedLock } from "../restic/snapshot-words.ts";
import type { JobLog } from "./job-log.ts";
import type { JobStore, RestoreRequest } from "./job-store.ts";
import { runPatiently, type LockPatienceDeps } from "./lock-patience.ts";
import { withIncludes } from "./restore-includes.ts";
import type { RestorePart, RestorePlace } from "./restore-place.ts";

export interface RestoreLimits {
  readonly stallMs: number;
  readonly limitMs: number;
}

export interface RestoreRunDeps extends LockPatienceDeps {
  readonly clock: Clock;
  readonly jobs: JobStore;
  readonly configuration: { current(): ConfigBundle | null };
  readonly limits: RestoreLimits;
  /** Private folder for short-lived files. */
  readonly tmpDir: string;
}

/** One restore on its way. */
export interface Restore<Deps extends RestoreRunDeps = RestoreRunDeps> {
  readonly deps: Deps;
  readonly request: RestoreRequest;
  readonly secret: RestoreSecret;
  readonly place: RestorePlace;
  readonly version: string;
  readonly log: JobLog;
  readonly signal: AbortSignal;
}

export interface PartOptions {
  readonly isDryRun: boolean;
  readonly onMessage: NonNullable<ResticCall["onMessage"]>;
  /** Asked after each message: ends the run. */
  readonly isHopeless?: () => boolean;
  readonly onLocked?: () => void;
}

export type RunPart = (
  part: RestorePart,
  options: PartOptions,
) => Promise<ResticEnd>;

const lockRefused =
  "No lock can be written into the repository, which may be full or read-only. It is read without one.";

/** Runs restic once for each part of a restore, without a lock from where it is refused one. */
export function createRunPart(task: Restore, cacheDir: string): RunPart {
  const { deps, request, secret, place, version, log, signal } = task;
  const { job_id: jobId, repository_id: repositoryId, limits } = request;
  const { tmpDir } = deps;
  let isWithoutLock = false;
  /**
   * By the other rules a second run would take what the first one left half written for a file that stays. restic goes on
   * for a while after it could not make its lock anew, and may get done.
   */
  const mendsCutFiles =
    secret.overwrite === "always" || secret.overwrite === "if-changed";

  async function attempt(
    part: RestorePart,
    { isDryRun, onMessage, isHopeless, onLocked = () => {} }: PartOptions,
  ): Promise<{ end: ResticEnd; isLockRefused: boolean }> {
    const ending = new AbortController();
    let hasBegun = false;
    let isLockRefused = false;
    return withIncludes(
      part.includes,
      { version, tmpDir, name: jobId },
      async (given) => {
        const args = [
          ...restoreArgs(
            {
              ...given,
              snapshotId: secret.snapshot_id,
              base: part.base,
              target: part.folder,
              overwrite: secret.overwrite,
              isDryRun,
            },
            version,
          ),
          ...(isWithoutLock ? [noLock] : []),
        ];
        log.add("info", "system", commandText(args));
        const end = await runPatiently(
          deps,
          { jobId, repositoryId, log, onLocked },
          {
            args,
            repository: secret,
            signal: AbortSignal.any([signal, ending.signal]),
            ...limitsFor(deps.limits, place, version),
            ...(limits === undefined ? {} : { limits }),
            ...(isOwn(deps, repositoryId) ? {} : { cacheDir }),
            onStart: (pid) => deps.jobs.running(jobId, pid),
            onMessage(message, stream, line) {
              onMessage(message, stream, line);
              if (hasBegunBy(message)) hasBegun = true;
              const isError = stream === "stderr";
              const mayRepeat = isDryRun || !hasBegun || mendsCutFiles;
              if (isError && mayRepeat && isRefusedLock(line))
                isLockRefused = true;
              const isGone = isError && isMissingSnapshot(line);
              if (isLockRefused || isGone || isHopeless?.() === true)
                ending.abort("refused" satisfies StopReason);
            },
          },
        );
        return { end, isLockRefused: isLockRefused && !signal.aborted };
      },
    );
  }

  return async (part, options) => {
    const first = await attempt(part, options);
    if (!first.isLockRefused) return first.end;
    log.add("warning", "system", lockRefused);
    isWithoutLock = true;
    return (await attempt(part, options)).end;
  };
}

/** Whether restic is at its work, which it begins with a lock. */
function hasBegunBy({ type }: ResticMessage): boolean {
  return type === "status" || type === "restored" || type === "unchanged";
}

/**
 * Of one that says nothing on its way, nobody can tell whether it stalls: an old restic, or one that reads what is there already,
 * which may be one file for hours.
 */
export function limitsFor(
  limits: RestoreLimits,
  { state }: Pick<RestorePlace, "state">,
  version: string,
): Pick<ResticCall, "stallMs" | "limitMs"> {
  return state !== "not_empty" && atLeast(version, restoreSince.progress)
    ? limits
    : { limitMs: limits.limitMs };
}

/** Nothing stays on this host of a repository that is another one's. */
function isOwn(
  { configuration }: RestoreRunDeps,
  repositoryId: string,
): boolean {
  const repositories = configuration.current()?.repositories ?? [];
  return repositories.some(({ id }) => id === repositoryId);
}
