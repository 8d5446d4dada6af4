import { z } from "zod";
import {
  backupStats,
  type BackupStats,
} from "@restic-manager/shared/domain/job.ts";

/** What one line of restic's output says, whatever its version. */
export type ResticMessage =
  | { readonly type: "status"; readonly status: ResticStatus }
  /** The number of files and bytes to back up is known from here on. */
  | { readonly type: "scanned" }
  | {
      readonly type: "file";
      readonly action: "new" | "changed";
      readonly path: string;
    }
  | { readonly type: "unchanged" }
  /** A folder that is new or in which something changed, as restic writes it: with a slash at its end. */
  | { readonly type: "folder"; readonly path: string }
  | {
      readonly type: "error";
      readonly path: string | null;
      readonly message: string;
    }
  | { readonly type: "summary"; readonly summary: BackupStats }
  /** A file or folder that was brought back; `updated`: something else was there. */
  | {
      readonly type: "restored";
      readonly action: "restored" | "updated";
      readonly path: string;
      readonly size: number;
    }
  | { readonly type: "restore_summary"; readonly summary: RestoreSummary }
  | { readonly type: "exit_error"; readonly message: string }
  /** Not JSON: what restic says to people. */
  | { readonly type: "text"; readonly line: string }
  /** JSON of a kind that is of no use here, or of a future restic. */
  | { readonly type: "other" };

const status = z.object({
  percent_done: z.number().default(0),
  total_files: z.number().default(0),
  files_done: z.number().default(0),
  total_bytes: z.number().default(0),
  bytes_done: z.number().default(0),
  error_count: z.number().default(0),
  seconds_elapsed: z.number().default(0),
  seconds_remaining: z.number().optional(),
  current_files: z.array(z.string()).default([]),
  // Of a restore.
  files_restored: z.number().default(0),
  files_skipped: z.number().default(0),
  bytes_restored: z.number().default(0),
  bytes_skipped: z.number().default(0),
});
/** Sizes in bytes, times in seconds, `percent_done` from 0 to 1. */
export type ResticStatus = z.infer<typeof status>;

const summary = backupStats.omit({ errors: true });
/** restic leaves out what is 0, and counts folders among the files restored and skipped. */
const restoreSummary = z.object({
  total_files: z.number().default(0),
  files_skipped: z.number().default(0),
  bytes_restored: z.number().default(0),
  bytes_skipped: z.number().default(0),
});
export type RestoreSummary = z.infer<typeof restoreSummary>;
const restored = z.object({
  action: z.enum(["restored", "updated"]),
  item: z.string(),
  size: z.number().default(0),
});
const exitError = z.object({ message: z.string() });
/** Up to 0.16 `error` is Go's own `{Op, Path, Err: errno}`, from 0.17 on `{message}`. */
const itemError = z.object({
  item: z.string().default(""),
  error: z
    .object({
      message: z.string().optional(),
      Op: z.string().optional(),
      Err: z.unknown().optional(),
    })
    .default({}),
});

const other: ResticMessage = { type: "other" };
// A big backup says this of a million files: it is recognised without parsing.
const unchangedStart = '{"message_type":"verbose_status","action":"unchanged"';
// `ls` says one for each file, to whom it asked.
const nodeStart = '{"name":';

export function parseMessage(line: string): ResticMessage {
  if (line.startsWith(unchangedStart)) return { type: "unchanged" };
  if (line.startsWith(nodeStart)) return other;
  const value = line.startsWith("{") ? jsonObject(line) : null;
  if (value === null) return textOf(withoutEscapes(line));
  switch (value["message_type"]) {
    case "status":
      // 0.14 and 0.15 say the end of the scan as a status.
      return value["action"] === "scan_finished"
        ? { type: "scanned" }
        : statusOf(value);
    case "verbose_status":
      return verboseOf(value);
    case "error":
      return errorOf(value);
    case "summary":
      return summaryOf(value);
    case "exit_error":
      return parsed(exitError, value, ({ message }) => ({
        type: "exit_error",
        message,
      }));
    default:
      return other;
  }
}

/** Whether restic says that it will try something once more, for example to reach a server. */
export function isRetry(message: ResticMessage): boolean {
  return message.type === "text" && /retrying after/i.test(message.line);
}

/** `[1:05] 23.45%  3 / 10 packs`, which restic says of what has no JSON. */
const counter = /^\[(?:(\d+):)?(\d+):(\d\d)\] +([\d.]+)% +(\d+) \/ (\d+) /;

function textOf(line: string): ResticMessage {
  const found = counter.exec(line);
  if (found === null) return { type: "text", line };
  const [hours = 0, minutes = 0, seconds = 0, percent, done, total] = found
    .slice(1)
    .map((digits) => Number(digits ?? 0));
  return statusOf({
    percent_done: (percent ?? 0) / 100,
    files_done: done,
    total_files: total,
    seconds_elapsed: (hours * 60 + minutes) * 60 + seconds,
  });
}

function statusOf(value: unknown): ResticMessage {
  return parsed(status, value, (s) => ({
    type: "status",
    // A restore counts what it leaves as it is apart, and folders it was not asked for among the files.
    status: {
      ...s,
      total_files: s.total_files + s.files_skipped,
      files_done:
        s.files_done +
        s.files_skipped +
        Math.min(s.files_restored, s.total_files),
      total_bytes: s.total_bytes + s.bytes_skipped,
      bytes_done: s.bytes_done + s.bytes_skipped + s.bytes_restored,
    },
  }));
}

function summaryOf(value: Record<string, unknown>): ResticMessage {
  const isBackup = "files_new" in value || "snapshot_id" in value;
  return isBackup
    ? parsed(summary, value, (s) => ({ type: "summary", summary: s }))
    : parsed(restoreSummary, value, (s) => ({
        type: "restore_summary",
        summary: s,
      }));
}

/** Folders end in a slash (or backslash); they change whenever something below them does. */
function verboseOf(value: Record<string, unknown>): ResticMessage {
  const { action, item } = value;
  if (action === "scan_finished") return { type: "scanned" };
  if (action === "unchanged") return { type: "unchanged" };
  if (action === "restored" || action === "updated")
    return parsed(restored, value, ({ action, item, size }) => ({
      type: "restored",
      action,
      path: item,
      size,
    }));
  if (typeof item !== "string") return other;
  if (/[\\/]$/.test(item)) return { type: "folder", path: item };
  if (action === "new") return { type: "file", action, path: item };
  if (action === "modified")
    return { type: "file", action: "changed", path: item };
  return other;
}

function errorOf(value: unknown): ResticMessage {
  return parsed(itemError, value, ({ item, error }) => ({
    type: "error",
    path: item === "" ? null : item,
    message:
      error.message ?? `${error.Op ?? "read"} ${item}: ${errnoText(error.Err)}`,
  }));
}

const errnoTexts: Readonly<Record<number, string>> = {
  1: "operation not permitted",
  2: "no such file or directory",
  5: "input/output error",
  13: "permission denied",
  116: "stale file handle",
};

function errnoText(errno: unknown): string {
  return typeof errno === "number"
    ? (errnoTexts[errno] ?? `error number ${errno}`)
    : "cannot be read";
}

function parsed<T>(
  schema: z.ZodType<T>,
  value: unknown,
  make: (value: T) => ResticMessage,
): ResticMessage {
  const result = schema.safeParse(value);
  return result.success ? make(result.data) : other;
}

function jsonObject(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}

/** Older restics clear the terminal line before they write. */
function withoutEscapes(line: string): string {
  // oxlint-disable-next-line no-control-regex
  return line.replace(/\u001b\[[0-9;]*[A-Za-z]/g, "").trimEnd();
}
