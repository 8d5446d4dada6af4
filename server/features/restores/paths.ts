import { posix } from "node:path";
import type { RestoreCheckBody } from "@restic-manager/shared/api/restores.ts";
import { AppError } from "../../app-error.ts";

/** What fits into one command beside everything else that is in it, in bytes of JSON. */
const mostBytes = 256 * 1024;

/** The chosen files and folders once each, without those that lie in a chosen folder. */
export function tidyPaths(paths: readonly string[]): string[] {
  const tidy = new Set(paths.map(withoutEnd));
  return [...tidy].filter(
    (path) => !foldersAbove(path).some((f) => tidy.has(f)),
  );
}

/** @throws AppError with the field to change */
export function checkPaths(
  paths: readonly string[],
  { target, strip }: Pick<RestoreCheckBody, "target" | "strip">,
  os: string,
): void {
  if (Buffer.byteLength(JSON.stringify(paths)) > mostBytes)
    throw wrong(
      "paths",
      "Together these names are too long for one restore; choose the folders that hold them instead.",
    );
  if (target.mode === "new_directory") {
    const hasDrive = /^[A-Za-z]:/.test(target.path);
    if (os === "windows" && target.path.startsWith("/"))
      throw wrong(
        "target.path",
        "This host runs Windows: begin with a drive, for example C:\\restored.",
      );
    if (os !== "windows" && hasDrive)
      throw wrong(
        "target.path",
        "This host does not run Windows: use a path that begins with /.",
      );
    if (asInSnapshot(target.path, os) === asInSnapshot(strip ?? "/", os))
      throw wrong(
        "target.path",
        "There the files would go back to where they came from, over what is there: choose to restore in place, or another folder.",
      );
  }
  if (strip === undefined) return;
  if (target.mode === "in_place")
    throw wrong("strip", "In place everything goes back to its own folder.");
  const isAbove = (path: string) =>
    path === strip || foldersAbove(path).includes(strip);
  if (!paths.every(isAbove))
    throw wrong("strip", "Not everything that was chosen is in this folder.");
}

/** A folder of a host as restic writes it; on Windows `C:\\a` → `/c/a`, whatever the letter case. */
function asInSnapshot(path: string, os: string): string {
  if (os !== "windows") return posix.resolve(path);
  const slashes = path.replaceAll("\\", "/").toLowerCase();
  return posix.resolve(slashes.replace(/^([a-z]):/, "/$1"));
}

/** `/a/b/c` → `/a/b`, `/a`, `/`. */
function foldersAbove(path: string): string[] {
  const above: string[] = [];
  for (
    let at = path.lastIndexOf("/");
    at > 0;
    at = path.lastIndexOf("/", at - 1)
  )
    above.push(path.slice(0, at));
  return path === "/" ? [] : [...above, "/"];
}

export function withoutEnd(path: string): string {
  return path.replace(/\/+$/, "") || "/";
}

export function wrong(field: string, message: string): AppError {
  return new AppError("invalid_request", {
    fields: { [field]: { code: "invalid", message } },
  });
}
