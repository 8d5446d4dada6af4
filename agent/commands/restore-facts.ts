import { posix } from "node:path";
import {
  failure,
  failures,
  type Failure,
} from "@restic-manager/shared/domain/failure.ts";
import type { RestoreStats } from "@restic-manager/shared/domain/restore.ts";
import { brokenOff } from "@restic-manager/shared/domain/restore-words.ts";
import {
  failureOf,
  ranToItsEnd,
  type Outcome,
  type ResticEnd,
} from "../restic/exit-codes.ts";
import type { ResticMessage, RestoreSummary } from "../restic/messages.ts";
import {
  isFullDisk,
  isMissingRoot,
  itemErrorOf,
  snapshotFailureOf,
  snapshotPath,
  type ItemError,
} from "../restic/snapshot-words.ts";
import { createRestoreFiles } from "./restore-files.ts";

/** What a restore said on its way, in however many runs. */
export interface RestoreFacts {
  /** `isFolder`: what was restored is one, which restic does not say. `base`: the folder of the snapshot that its paths begin in. */
  add(message: ResticMessage, about: { isFolder: boolean; base: string }): void;
  /** The disk that is restored to is full. */
  isFull(): boolean;
  stats(): RestoreStats;
  /** `missing`: what was chosen, of so many, and is not there afterwards. */
  outcome(end: ResticEnd, missing: readonly string[], chosen: number): Outcome;
}

/** `namesFiles`: whether this restic says of each file that it is restored. */
export function createRestoreFacts(namesFiles: boolean): RestoreFacts {
  const files = createRestoreFiles();
  let named = 0;
  let written = 0;
  let owners = 0;
  let others = 0;
  let isFull = false;
  let isGone = false;
  let summary: RestoreSummary | null = null;

  function addError({ path, words }: ItemError, base: string): void {
    if (path !== null) files.fail(wholePath(base, path), words);
    if (isFullDisk(words)) isFull = true;
    if (/\bl?chown\b/i.test(words)) owners++;
    else others++;
  }

  function stats(): RestoreStats {
    const errors = owners + others;
    if (summary === null)
      return named === 0 ? { errors } : { ...counted(), errors };
    const { total_files, files_skipped, bytes_skipped } = summary;
    // Without names (0.16) nothing is skipped, and restic counts folders as files.
    const { files_restored, bytes_restored } = namesFiles
      ? counted()
      : {
          files_restored: total_files,
          bytes_restored: summary.bytes_restored,
        };
    return {
      files_restored,
      files_skipped,
      bytes_restored,
      bytes_skipped,
      total_files: files_restored + files_skipped,
      total_bytes: bytes_restored + bytes_skipped,
      errors,
    };
  }

  const counted = () => ({
    files_restored: files.files(),
    bytes_restored: files.bytes(),
  });

  /** Whether restic found nothing of what was chosen; old ones do not say. */
  const foundNothing = () =>
    summary !== null &&
    owners + others === 0 &&
    named === 0 &&
    summary.total_files === 0 &&
    summary.files_skipped === 0;

  /** What was ended on its way, or had begun to write, may have left half a file. */
  function failedOf(error: Failure, { stopped, exit }: ResticEnd): Outcome {
    const hasBegun = named > 0 || written > 0;
    const isCut = stopped !== null && stopped !== "refused";
    const message =
      hasBegun || isCut || exit.signal !== null
        ? `${error.message} ${brokenOff}`
        : error.message;
    return { outcome: "failed", error: failure(error.code, message) };
  }

  return {
    add(message, { isFolder, base }) {
      if (message.type === "restore_summary")
        summary = sumOf(summary, message.summary);
      if (message.type === "status") written = message.status.bytes_done;
      if (isMissingRoot(message)) isGone = true;
      const error = itemErrorOf(message);
      if (error !== null) addError(error, base);
      if (message.type !== "restored") return;
      named++;
      if (!isFolder) files.add(wholePath(base, message.path), message.size);
    },
    isFull: () => isFull,
    stats,
    outcome(end, missing, chosen) {
      if (isFull)
        return {
          outcome: "failed",
          error: failure(
            "target_full",
            `${failures.target_full} What was restored before is there. ${brokenOff}`,
          ),
        };
      if (end.stopped === "cancelled" || end.stopped === "agent_stopped")
        return {
          outcome: "cancelled",
          error: failure(end.stopped, `${failures[end.stopped]} ${brokenOff}`),
        };
      if (isGone)
        return { outcome: "failed", error: failure("snapshot_missing") };
      if (end.exit.code !== 0 && owners + others === 0)
        return failedOf(snapshotFailureOf(end), end);
      if (end.exit.code !== 0 && !ranToItsEnd(end))
        return failedOf(failureOf(end), end);
      const isNoneThere = chosen > 0 && missing.length === chosen;
      if (foundNothing() || (isNoneThere && owners + others === 0))
        return { outcome: "failed", error: failure("path_missing") };
      const { files_restored, files_skipped = 0 } = stats();
      const isNothing =
        files_restored === 0 && files_skipped === 0 && others > 0;
      const unheld = missing.filter((path) => !files.isExplained(path));
      const issue = issueOf(owners, others, unheld, isNothing);
      if (issue === null) return { outcome: "succeeded", error: null };
      return {
        outcome: isNothing ? "failed" : "succeeded_with_issues",
        error: issue,
      };
    },
  };
}

function wholePath(base: string, path: string): string {
  return posix.join(base, snapshotPath(path));
}

function sumOf(a: RestoreSummary | null, b: RestoreSummary): RestoreSummary {
  return {
    total_files: (a?.total_files ?? 0) + b.total_files,
    files_skipped: (a?.files_skipped ?? 0) + b.files_skipped,
    bytes_restored: (a?.bytes_restored ?? 0) + b.bytes_restored,
    bytes_skipped: (a?.bytes_skipped ?? 0) + b.bytes_skipped,
  };
}

function issueOf(
  owners: number,
  others: number,
  missing: readonly string[],
  isNothing: boolean,
): Failure | null {
  const sentences = [
    others === 0
      ? ""
      : `${count(others)} could not be restored as they were; the job log lists them.`,
    owners === 0
      ? ""
      : `The owner of ${count(owners)} could not be set, because the agent may not; they belong to the user it runs as.`,
    missing.length === 0
      ? ""
      : `The snapshot does not hold ${missing.slice(0, 20).join(", ")}.`,
  ].filter((sentence) => sentence !== "");
  if (sentences.length === 0) return null;
  return failure(
    owners + others > 0 ? "restore_incomplete" : "path_missing",
    `${sentences.join(" ")} ${isNothing ? "No file was restored." : "Everything else was restored."}`,
  );
}

function count(n: number): string {
  return n === 1 ? "one file or folder" : `${n} files or folders`;
}
