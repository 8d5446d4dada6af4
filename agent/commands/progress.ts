import type { Clock } from "@restic-manager/shared/clock.ts";
import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import { truncate } from "@restic-manager/shared/redact.ts";
import type { ResticMessage, ResticStatus } from "../restic/messages.ts";

/** Turns what restic says on its way into progress for people, at most once a second and the first at once. */
export interface ProgressReporter {
  add(message: ResticMessage): void;
  /** restic waits for others to let go of the repository. */
  locked(): void;
  /** Sends nothing more. */
  stop(): void;
}

const everyMs = 1_000;

/** Nothing is known yet. */
const emptyProgress: JobProgress = {
  phase: "scanning",
  percent: 0,
  bytes_done: 0,
  bytes_total: 0,
  files_done: 0,
  files_total: 0,
  current_files: [],
  errors: 0,
  seconds_elapsed: 0,
  seconds_remaining: null,
  rate: null,
};

/** What a job is at, when there is nothing to count. */
export function phaseOnly(phase: JobProgress["phase"]): JobProgress {
  return { ...emptyProgress, phase };
}

/** `phase` is for what is no backup and has no phases of its own. */
export function createProgressReporter(
  clock: Clock,
  send: (progress: JobProgress) => void,
  phase?: JobProgress["phase"],
): ProgressReporter {
  let scanned = false;
  let latest: JobProgress | null = phaseOnly(phase ?? "scanning");
  let cancel: (() => void) | null = null;

  function sendLatest(): void {
    cancel = null;
    if (latest === null) return;
    send(latest);
    latest = null;
    cancel = clock.after(everyMs, sendLatest);
  }
  // restic needs a moment to open the repository; people should see at once that something happens.
  sendLatest();

  function tell(progress: JobProgress): void {
    latest = progress;
    if (cancel === null) sendLatest();
  }

  return {
    add(message) {
      if (message.type === "scanned") scanned = true;
      if (message.type !== "status") return;
      const progress = progressOf(message.status, scanned);
      tell(phase === undefined ? progress : { ...progress, phase });
    },
    locked: () => tell(phaseOnly("locked")),
    stop() {
      latest = null;
      cancel?.();
    },
  };
}

function progressOf(status: ResticStatus, scanned: boolean): JobProgress {
  const { bytes_done, total_bytes, seconds_elapsed } = status;
  const finishing = scanned && total_bytes > 0 && bytes_done >= total_bytes;
  return {
    phase: finishing ? "finishing" : scanned ? "backup" : "scanning",
    percent: Math.min(100, Math.max(0, status.percent_done * 100)),
    bytes_done,
    bytes_total: total_bytes,
    files_done: status.files_done,
    files_total: status.total_files,
    current_files: status.current_files
      .slice(0, 8)
      .map((path) => truncate(path, 1024)),
    errors: status.error_count,
    seconds_elapsed,
    // Until the scan has ended, restic does not know how much there is.
    seconds_remaining: scanned ? (status.seconds_remaining ?? null) : null,
    rate: seconds_elapsed > 0 ? Math.round(bytes_done / seconds_elapsed) : null,
  };
}
