import type { Clock } from "@restic-manager/shared/clock.ts";
import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import { truncate } from "@restic-manager/shared/redact.ts";
import { createProgressReporter, type ProgressReporter } from "./progress.ts";

/**
 * Progress of a restore: restic names a file when it is there, and does not say how long it will take. It begins to count again
 * with each of several runs (`isMany`).
 */
export function createRestoreProgress(
  clock: Clock,
  send: (progress: JobProgress) => void,
  totalBytes: number | null,
  isMany: boolean,
): ProgressReporter {
  let latest: string[] = [];
  /** Of the runs before this one. */
  let [files, bytes, seconds, ran] = [0, 0, 0, 0];

  function whole(progress: JobProgress): JobProgress {
    const bytes_done = bytes + progress.bytes_done;
    const known = bytes + progress.bytes_total;
    const bytes_total = Math.max(known, totalBytes ?? 0);
    const seconds_elapsed = seconds + progress.seconds_elapsed;
    return {
      ...progress,
      bytes_done,
      bytes_total,
      percent: bytes_total === 0 ? 0 : (bytes_done / bytes_total) * 100,
      files_done: files + progress.files_done,
      files_total: files + progress.files_total,
      seconds_elapsed,
      rate:
        seconds_elapsed === 0 ? null : Math.round(bytes_done / seconds_elapsed),
    };
  }

  const reporter = createProgressReporter(
    clock,
    (said) => {
      const progress =
        isMany && said.phase === "restoring" ? whole(said) : said;
      send({
        ...progress,
        bytes_total: progress.bytes_total || (totalBytes ?? 0),
        current_files: latest,
        seconds_remaining: secondsLeft(progress),
      });
    },
    "restoring",
  );
  return {
    ...reporter,
    add(message) {
      if (message.type === "restored") latest = [truncate(message.path, 1024)];
      if (message.type === "status") ran = message.status.seconds_elapsed;
      reporter.add(message);
      if (message.type !== "restore_summary") return;
      const { total_files, files_skipped, bytes_restored, bytes_skipped } =
        message.summary;
      files += total_files + files_skipped;
      bytes += bytes_restored + bytes_skipped;
      seconds += ran;
      ran = 0;
    },
  };
}

function secondsLeft({ rate, bytes_total, bytes_done }: JobProgress) {
  return rate === null || rate === 0
    ? null
    : Math.round(Math.max(0, bytes_total - bytes_done) / rate);
}
