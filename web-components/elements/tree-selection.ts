import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";
import { below, foldersAbove, isFolder, isWithin } from "./tree-path.ts";

/** Paths that are chosen with everything below them; none of them lies below another. */
export type Selection = ReadonlySet<string>;

export type Chosen = "on" | "mixed" | "off";

/** As many as a restore takes. */
const mostChosen = 500;

export function chosenState(selection: Selection, path: string): Chosen {
  if (coveredBy(selection, path) !== null) return "on";
  for (const other of selection) if (isWithin(other, path)) return "mixed";
  return "off";
}

/** The chosen path that it is, or lies below. */
function coveredBy(selection: Selection, path: string): string | null {
  if (selection.has(path)) return path;
  return foldersAbove(path).find((folder) => selection.has(folder)) ?? null;
}

/**
 * The selection with a path turned on or off. Turned off inside a chosen folder, what lies beside it is chosen instead,
 * for which all names of the folders on the way must be known: a text says what is in the way.
 */
export function toggled(
  selection: Selection,
  path: string,
  namesIn: (folder: string) => readonly string[] | null,
): Selection | string {
  const covering = coveredBy(selection, path);
  const next =
    covering === null
      ? [...[...selection].filter((other) => !isWithin(other, path)), path]
      : [
          ...[...selection].filter((other) => other !== covering),
          ...(besides(covering, path, namesIn) ?? [unknown]),
        ];
  if (next.includes(unknown))
    return "Not every name in this folder is here yet. Scroll to its end first, or choose single files instead of the folder.";
  return next.length > mostChosen
    ? `This would be more than ${mostChosen} files and folders, as many as a restore takes. Choose the folder that holds them.`
    : new Set(next);
}

const unknown = "";

/** Everything in a folder but what leads to `path`. */
function besides(
  folder: string,
  path: string,
  namesIn: (folder: string) => readonly string[] | null,
): string[] | null {
  const beside: string[] = [];
  for (const at of foldersAbove(path)) {
    if (!isWithin(at, folder)) continue;
    const names = namesIn(at);
    if (names === null) return null;
    beside.push(
      ...names
        .map((name) => below(at, name))
        .filter((other) => !isWithin(path, other)),
    );
  }
  return beside;
}

export interface SelectionSum {
  readonly files: number;
  readonly bytes: number;
  /** Chosen paths of which nothing is known. */
  readonly unknown: number;
}

export function sumOf(
  selection: Selection,
  entryAt: (path: string) => TreeEntry | undefined,
): SelectionSum {
  let [files, bytes, unknownPaths] = [0, 0, 0];
  for (const path of selection) {
    const entry = entryAt(path);
    if (entry === undefined) unknownPaths += 1;
    else {
      files += isFolder(entry) ? (entry.c ?? 0) : 1;
      bytes += entry.s;
    }
  }
  return { files, bytes, unknown: unknownPaths };
}

/** The folders that every chosen path is, or lies in, without the root, from the top down. */
export function commonFolders(
  selection: Selection,
  entryAt: (path: string) => TreeEntry | undefined,
): string[] {
  const [first, ...others] = [...selection];
  if (first === undefined) return [];
  const entry = entryAt(first);
  const candidates = foldersAbove(first);
  if (entry !== undefined && isFolder(entry)) candidates.push(first);
  return candidates.filter(
    (folder) =>
      folder !== "/" && others.every((path) => isWithin(path, folder)),
  );
}
