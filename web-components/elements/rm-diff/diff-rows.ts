import type { DiffPage } from "@restic-manager/shared/api/trees.ts";
import { type Change, isFolderChange } from "../diff-words.ts";
import { below } from "../tree-path.ts";

/** What is known of a folder: its changes, that they are asked for, or why they could not be had. */
export type Folder = DiffPage | "loading" | { readonly problem: string };

export type DiffRow =
  | {
      readonly kind: "change";
      readonly path: string;
      readonly level: number;
      readonly change: Change;
      readonly folder: boolean;
      readonly open: boolean;
    }
  | {
      readonly kind: "note";
      readonly path: string;
      readonly level: number;
      readonly text: string;
      /** What the line can do when it is activated. */
      readonly action: "more" | "again" | null;
    };

export interface Fold {
  readonly folders: ReadonlyMap<string, Folder>;
  readonly open: ReadonlySet<string>;
  /** How many lines of a folder are drawn; the rest after a click. */
  readonly limit: (path: string) => number;
}

/** The lines of a folder and of what is open in it, from top to bottom. */
export function diffRows(fold: Fold, path: string, level = 1): DiffRow[] {
  const folder = fold.folders.get(path) ?? "loading";
  if (folder === "loading") return [note(path, level, "Loading", null)];
  if ("problem" in folder) return [note(path, level, folder.problem, "again")];
  const limit = fold.limit(path);
  const rows = folder.entries.slice(0, limit).flatMap((change) => {
    const at = below(path, change.n);
    const isFolder = isFolderChange(change);
    const open = isFolder && fold.open.has(at);
    const row: DiffRow = {
      kind: "change",
      path: at,
      level,
      change,
      folder: isFolder,
      open,
    };
    return open ? [row, ...diffRows(fold, at, level + 1)] : [row];
  });
  const rest = folder.entries.length - limit;
  if (rest > 0) rows.push(note(path, level, `Show ${rest} more`, "more"));
  else if (folder.more)
    rows.push(
      note(path, level, "There are more; the download has all of them.", null),
    );
  return rows;
}

function note(
  path: string,
  level: number,
  text: string,
  action: "more" | "again" | null,
): DiffRow {
  return { kind: "note", path: `${path}\0${text}`, level, text, action };
}
