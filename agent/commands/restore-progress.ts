import type { Clock } from "@restic-manager/shared/clock.ts";
import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import { truncate } from "@restic-manager/shared/redact.ts";
import { createProgressReporter, type ProgressReporter } from "./progress.ts";

/** Progress of a restore: restic names a file when it is there, and does not say how long it will take. */
export function createRestoreProgress(
  clock: Clock,
  send: (progress: JobProgress) => void,
  totalBytes: number | null,
): ProgressReporter {
  let latest: string[] = [];
  const reporter = createProgressReporter(
    clock,
    (progress) =>
      send({
        ...progress,
        bytes_total: progress.bytes_total || (totalBytes ?? 0),
        current_files: latest,
        seconds_remaining: secondsLeft(progress),
      }),
    "restoring",
  );
  return {
    ...reporter,
    add(message) {
      if (message.type === "restored") latest = [truncate(message.path, 1024)];
      reporter.add(message);
    },
  };
}

function secondsLeft({ rate, bytes_total, bytes_done }: JobProgress) {
  return rate === null || rate === 0
    ? null
    : Math.round(Math.max(0, bytes_total - bytes_done) / rate);
}
