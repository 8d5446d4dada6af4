import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";
import { plainText } from "./plain-text.ts";

/** The path of what is in a folder. */
export function below(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}

/** The folder that something is in; of the root the root. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** The folders above a path, from the root down. */
export function foldersAbove(path: string): string[] {
  const above: string[] = [];
  for (let at = path; at !== "/";) {
    at = folderOf(at);
    above.unshift(at);
  }
  return above;
}

export function isWithin(path: string, folder: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}

/** The names of a name or path as a person can read them, ends of lines too. */
export function pathText(path: string): string {
  return plainText(path).replaceAll("\n", "‹000A›").replaceAll("\t", "‹0009›");
}

export function isFolder({ t }: TreeEntry): boolean {
  return t === "dir";
}
