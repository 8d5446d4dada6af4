import type {
  BackupStats,
  LogLine,
} from "@restic-manager/shared/domain/job.ts";
import type { OutputStream } from "../platform/output.ts";
import type { ResticMessage } from "../restic/messages.ts";
import type { JobLog } from "./job-log.ts";

/** Writes into a job's log what a person wants to read of restic's output: no progress, no unchanged file. */
export function logMessage(
  log: JobLog,
  message: ResticMessage,
  stream: OutputStream,
): void {
  switch (message.type) {
    case "file":
      return log.file(message.action, message.path);
    case "error":
      return log.add("error", stream, errorText(message));
    case "exit_error":
      for (const line of message.message.trim().split("\n"))
        if (!isLockNotice(line)) log.add(kindOf(line), stream, line);
      return;
    case "text":
      if (message.line !== "" && !isLockNotice(message.line))
        log.add(
          stream === "stdout" ? "info" : kindOf(message.line),
          stream,
          message.line,
        );
      return;
    default:
      return;
  }
}

function errorText({
  path,
  message,
}: ResticMessage & { type: "error" }): string {
  return path === null || message.includes(path)
    ? message
    : `${path}: ${message}`;
}

/** The job looks at the locks itself and names them once, however often it tries. */
function isLockNotice(line: string): boolean {
  return /repository is already locked|^lock was created at |^storage ID [0-9a-f]|^the `unlock` command can be used|^repo already locked, waiting/i.test(
    line,
  );
}

function kindOf(line: string): LogLine["k"] {
  return /^fatal:|^error|^unable to|\bfailed\b/i.test(line)
    ? "error"
    : "warning";
}

/** One sentence about a finished backup. */
export function summaryText(stats: BackupStats): string {
  const {
    files_new = 0,
    files_changed = 0,
    files_unmodified = 0,
    data_added,
  } = stats;
  const files = `${files_new} new, ${files_changed} changed and ${files_unmodified} unmodified files`;
  const added =
    data_added === undefined ? "" : `, ${bytesText(data_added)} added`;
  return `Snapshot ${stats.snapshot_id?.slice(0, 8) ?? "without id"} saved: ${files}${added}.`;
}

export function bytesText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(
    units.length - 1,
    Math.floor(Math.log2(Math.max(1, bytes)) / 10),
  );
  const amount = bytes / 1024 ** power;
  return `${power === 0 ? amount : amount.toFixed(1)} ${units[power]}`;
}
