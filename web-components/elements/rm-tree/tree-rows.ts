import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";
import { below, isFolder } from "../tree-path.ts";

/** As much as is known of a folder. */
export interface Folder {
  readonly entries: readonly TreeEntry[];
  readonly total: number;
  /** From where to go on; null at the end. */
  readonly next: string | null;
  readonly loading: boolean;
  /** Why it could not be read. */
  readonly problem: string | null;
}

export interface EntryRow {
  readonly kind: "entry";
  readonly path: string;
  /** What is read: a name, or a whole path where no folder stands above it. */
  readonly label: string;
  readonly entry: TreeEntry;
  readonly level: number;
  readonly position: number;
  readonly siblings: number;
  /** Null of what is no folder. */
  readonly open: boolean | null;
}

/** A line below an open folder instead of entries. */
export interface NoteRow {
  readonly kind: "more" | "loading" | "empty" | "problem";
  /** The folder. */
  readonly path: string;
  readonly level: number;
  readonly text: string;
}

export type TreeRow = EntryRow | NoteRow;

/** What is to be seen of a tree, line by line. */
export function treeRows(
  folders: ReadonlyMap<string, Folder>,
  open: ReadonlySet<string>,
): TreeRow[] {
  const rows: TreeRow[] = [];
  const add = (path: string, level: number): void => {
    const folder = folders.get(path);
    if (folder === undefined) return;
    folder.entries.forEach((entry, index) => {
      const child = below(path, entry.n);
      const isOpen = isFolder(entry) ? open.has(child) : null;
      rows.push({
        kind: "entry",
        path: child,
        label: entry.n,
        entry,
        level,
        position: index + 1,
        siblings: folder.total,
        open: isOpen,
      });
      if (isOpen === true) add(child, level + 1);
    });
    const note = noteOf(folder);
    if (note !== null) rows.push({ ...note, path, level });
  };
  add("/", 1);
  return rows;
}

function noteOf({
  entries,
  total,
  next,
  loading,
  problem,
}: Folder): Pick<NoteRow, "kind" | "text"> | null {
  if (problem !== null) return { kind: "problem", text: problem };
  if (loading && entries.length === 0)
    return { kind: "loading", text: "Loading" };
  if (next !== null)
    return { kind: "more", text: `${total - entries.length} more` };
  return entries.length === 0 && !loading
    ? { kind: "empty", text: "Nothing in this folder" }
    : null;
}
