import type { ResticMessage } from "./messages.ts";

/** A snapshot as the backup that made it, and the list of snapshots after it, tell of it. */
export interface MadeSnapshot {
  readonly id: string;
  /** restic's own id of what is in it: equal ones hold the same. */
  readonly tree: string;
  readonly hostname: string;
  readonly paths: readonly string[];
  /** The tree of the snapshot that restic compared with; null when there was none. */
  readonly parentTree: string | null;
  /** Folders that are new or differ from the parent's, as paths without an end slash, the root left out; null: too many to name. */
  readonly folders: readonly string[] | null;
}

/** What is named to restic in one call. */
const maxFolders = 500;
const maxBytes = 64 * 1024;

export interface ChangedFolders {
  add(message: ResticMessage): void;
  list(): readonly string[] | null;
}

/** Gathers from a backup's output the folders in which something changed. */
export function createChangedFolders(): ChangedFolders {
  let paths: string[] | null = [];
  let bytes = 0;
  return {
    add(message) {
      if (message.type !== "folder" || paths === null) return;
      const path = message.path.slice(0, -1);
      bytes += Buffer.byteLength(path);
      paths.push(path);
      if (!isFolder(message.path) || !fits(paths.length, bytes)) paths = null;
    },
    list: () => paths,
  };
}

/** Puts lists together; null when they are too long to be named. */
export function allFolders(
  lists: readonly (readonly string[])[],
): ReadonlySet<string> | null {
  const all = new Set(lists.flat());
  const bytes = [...all].reduce(
    (sum, path) => sum + Buffer.byteLength(path),
    0,
  );
  return fits(all.size, bytes) ? all : null;
}

function fits(folders: number, bytes: number): boolean {
  return folders <= maxFolders && bytes <= maxBytes;
}

/** What is not UTF-8 cannot be named. */
function isFolder(path: string): boolean {
  return /^\/[^]+\/$/.test(path) && !path.includes("\uFFFD");
}
