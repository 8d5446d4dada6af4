import {
  failure,
  type Failure,
} from "@restic-manager/shared/domain/failure.ts";
import type { OutputStream } from "../platform/output.ts";
import { failureOf, type ResticEnd, type StopReason } from "./exit-codes.ts";
import type { ResticMessage } from "./messages.ts";

/** What went wrong with one file. `path`: as the snapshot has it, where restic says it. */
export interface ItemError {
  readonly path: string | null;
  readonly words: string;
}

/** restic before 0.17 says it as text. */
export function itemErrorOf(message: ResticMessage): ItemError | null {
  if (message.type === "error")
    return { path: message.path, words: message.message };
  if (message.type !== "text") return null;
  const said = /^ignoring error for (.+?): (.+)$/s.exec(message.line);
  const [, path = null, words = null] = said ?? [];
  return words === null ? null : { path, words };
}

/** restic on Windows joins what is in a snapshot as it would there: `\C\Users`. */
export function snapshotPath(path: string): string {
  return path.startsWith("\\") ? path.replaceAll("\\", "/") : path;
}

/** Whether only owners, permissions, times or the like could not be set, of what is there. */
export function isUnmarked(words: string): boolean {
  return /^(l?chown|chmod|xattr\.)|failed to restore timestamp|attribute|security descriptor/i.test(
    words,
  );
}

/**
 * Whether a file could not be written: restic names it as restored all the same. It makes one that it may not write writable
 * first, which is the only time that it has no leave to set permissions.
 */
export function isUnwritten(words: string): boolean {
  return /^(open|stat|write|truncate|remove|unexpected file type)\b|^chmod .*(not permitted|permission denied|access is denied)/i.test(
    words,
  );
}

export function isFullDisk(words: string): boolean {
  return /no space left on device|disk quota exceeded|not enough space on the disk/i.test(
    words,
  );
}

/**
 * A snapshot that is gone. By a full id restic does not look it up, and says what its back end says of the file; one that its
 * cache still has leads to folders that are gone.
 */
const missingSnapshot =
  /no matching ID found|multiple IDs with prefix|(failed to load snapshot |<snapshot\/|\/snapshots\/[0-9a-f]{64}).*(no such file|does not exist|not found|cannot find the file|\(404\))|^Load\(<snapshot\/.*(no such file|does not exist|\(404\))|loading tree for snapshot|^(Fatal: )?path .+: id [0-9a-f]{64} not found in repository/im;

/** restic before 0.17 would ask for it again and again, for minutes. */
export function isMissingSnapshot(line: string): boolean {
  return line.startsWith("Load(<snapshot/") && missingSnapshot.test(line);
}

/** Ends a run at the first line that says so. */
export function whileThereIs(signal: AbortSignal) {
  const ending = new AbortController();
  return {
    signal: AbortSignal.any([signal, ending.signal]),
    hear(stream: OutputStream, line: string): void {
      if (stream === "stderr" && isMissingSnapshot(line))
        ending.abort("refused" satisfies StopReason);
    },
  };
}

/** Whether the whole tree of a snapshot is gone, as an error of its root. */
export function isMissingRoot(message: ResticMessage): boolean {
  const gone = /\bid [0-9a-f]{64} not found in repository$/;
  if (message.type === "error")
    return message.path === "/" && gone.test(message.message);
  return (
    message.type === "text" &&
    message.line.startsWith("ignoring error for /:") &&
    gone.test(message.line)
  );
}

/** Why something could not be read from a snapshot. */
export function snapshotFailureOf(end: ResticEnd): Failure {
  const { words } = end;
  if (missingSnapshot.test(words)) return failure("snapshot_missing");
  if (/^(Fatal: )?path .+: not found|not found in snapshot/im.test(words))
    return failure("path_missing");
  return failureOf(end);
}

/** Where restic may not write its lock: a full or read-only disk, or an access that may only read. */
export function isRefusedLock(line: string): boolean {
  return /^Save\(<lock\/.*(read-only file system|no space left|quota|permission denied|not permitted|access ?denied|\((401|403|405|507)\))|unable to create lock in backend: (?!.*(already locked|context canceled))/i.test(
    line,
  );
}
