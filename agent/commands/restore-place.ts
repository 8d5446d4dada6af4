import { join, posix, resolve } from "node:path";
import { atLeast } from "@restic-manager/shared/domain/restic-version.ts";
import {
  restorePaths,
  type RestoreTarget,
} from "@restic-manager/shared/domain/restore.ts";
import type { RestoreSecret } from "@restic-manager/shared/protocol/command.ts";
import { FailureError } from "../failure-error.ts";
import {
  folderState,
  freeSpace,
  isFolder,
  leadsTo,
  type FolderState,
} from "../platform/target-folder.ts";
import { restoreSince } from "../restic/restore-args.ts";

/** What one run of restic writes. */
export interface RestorePart {
  /** The folder of this host that restic writes into, itself no link: restic would put a folder in its place. */
  readonly folder: string;
  /** The folder of the snapshot that comes to lie there. */
  readonly base: string;
  /** What to restore, below `base`; empty for all of it. */
  readonly includes: readonly string[];
}

/** Where a restore goes, as restic is to be told. */
export interface RestorePlace {
  /** In place one for each folder that something goes back to. */
  readonly parts: readonly [RestorePart, ...RestorePart[]];
  /** For people; null in place. */
  readonly target: string | null;
  readonly state: FolderState;
  /** The folder that `state` is about. */
  readonly folder: string;
}

export interface RestoreHost {
  /** Home folder of the user the agent runs as. */
  readonly home: string;
  readonly platform: NodeJS.Platform;
}

export type Wanted = Pick<RestoreSecret, "paths" | "target" | "strip">;

/** Finds out where a restore goes. Throws `FailureError` where it must not. */
export function placeOfRestore(
  { paths, target, strip }: Wanted,
  jobId: string,
  host: RestoreHost,
): RestorePlace {
  const isSound = restorePaths.safeParse(paths).success;
  if (!isSound || (strip !== null && !paths.every((p) => isBelow(p, strip))))
    throw new FailureError("path_missing");
  if (target.mode === "in_place") return inPlace(paths, host);
  const named = filledIn(target.path, jobId, host.home);
  const folder = withoutLinks(named);
  const base = strip ?? "/";
  if (isOrigin(folder, base, host))
    throw new FailureError(
      "target_refused",
      `${named} is where the files came from, so they would go over what is there; restore in place, which asks first, or choose another folder.`,
    );
  const includes = belowBase(paths, base);
  // restic follows a link above what was chosen, and replaces one below.
  for (const path of includes) withoutLinks(join(folder, posix.dirname(path)));
  return {
    parts: [{ folder, base, includes }],
    target: named,
    state: folderState(folder),
    folder,
  };
}

/**
 * Back where it came from. restic gives all folders between the one it is told and what it restores the owners, permissions and
 * times of the snapshot: it is told the deepest one that is there, of each path, so that none is changed that nobody chose.
 */
function inPlace(
  paths: readonly string[],
  { platform }: RestoreHost,
): RestorePlace {
  if (platform === "win32")
    throw new FailureError(
      "target_refused",
      "Restoring in place is not possible on Windows yet; restore into a new folder and move the files.",
    );
  const [first, ...others] = Map.groupBy(paths, deepestFolder);
  if (first === undefined) throw new FailureError("path_missing");
  const partOf = ([base, below]: [string, string[]]): RestorePart => ({
    folder: withoutLinks(base),
    base,
    includes: belowBase(below, base),
  });
  const parts = [partOf(first), ...others.map(partOf)] as const;
  const shut = parts.find(
    (part) => folderState(part.folder) === "not_writable",
  );
  return {
    parts: [parts[0], ...parts.slice(1)],
    target: null,
    state: shut === undefined ? "not_empty" : "not_writable",
    folder: (shut ?? parts[0]).folder,
  };
}

function deepestFolder(path: string): string {
  let folder = posix.dirname(path);
  while (folder !== "/" && !isFolder(folder)) folder = posix.dirname(folder);
  return folder;
}

/** The folder with the least free space of those that are written into; `free` is null when the system does not say. */
export function leastSpace({ parts }: RestorePlace): {
  readonly folder: string;
  readonly free: number | null;
} {
  return parts
    .map(({ folder }) => ({ folder, free: freeSpace(folder) }))
    .reduce((least, one) =>
      (one.free ?? Infinity) < (least.free ?? Infinity) ? one : least,
    );
}

/** Refuses what this host or its restic cannot do well, before anything is written. Throws `FailureError`. */
export function checkPlace(
  place: RestorePlace,
  { target, overwrite }: Pick<RestoreSecret, "target" | "overwrite">,
  version: string,
): void {
  const { folder, parts, state } = place;
  const isCareful = atLeast(version, restoreSince.care);
  if (state === "not_writable")
    throw new FailureError(
      "target_refused",
      `The agent may not write into ${folder}, or it is no folder; choose another one.`,
    );
  if (!isCareful && state === "not_empty")
    throw new FailureError(
      "target_refused",
      tooOld(version, target, overwrite),
    );
  if (
    parts.some(({ base }) => base !== "/") &&
    !atLeast(version, restoreSince.base)
  )
    throw new FailureError(
      "target_refused",
      `restic ${version} on this host cannot leave folders out of the restored paths; keep whole paths, or remove restic_path from agent.yaml.`,
    );
}

function tooOld(
  version: string,
  { mode }: RestoreTarget,
  overwrite: RestoreSecret["overwrite"],
): string {
  const where =
    mode === "in_place" ? "in place" : "into a folder that is not empty";
  const rule = overwrite === "always" ? "" : " overwrites everything and";
  return `restic ${version} on this host${rule} writes through symbolic links, so it does not restore ${where}; choose a new folder, or remove restic_path from agent.yaml.`;
}

/** Where a folder lies without a link on the way, as far as it is there. */
function withoutLinks(path: string): string {
  const { folder, foreign } = leadsTo(path);
  if (foreign !== null)
    throw new FailureError(
      "target_refused",
      `${foreign} is a symbolic link made by another user than root, who would decide where the files go; choose the folder it leads to, or another one.`,
    );
  return folder;
}

/** Whether a folder of this host is the one that `base` is in the snapshot. */
function isOrigin(
  folder: string,
  base: string,
  { platform }: RestoreHost,
): boolean {
  if (platform !== "win32") return leadsTo(base).folder === folder;
  const drive = base.replace(/^\/([a-z])(?=\/|$)/i, "$1:/");
  return resolve(drive).toLowerCase() === resolve(folder).toLowerCase();
}

function filledIn(path: string, jobId: string, home: string): string {
  return resolve(
    path
      .replace(/^(~|\$HOME|\$\{HOME\})(?=\/|$)/, () => home)
      .replaceAll("<job-id>", () => jobId),
  );
}

/** Whether a path is a folder or lies below it. */
function isBelow(path: string, folder: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}

function belowBase(paths: readonly string[], base: string): string[] {
  if (base === "/") return paths.includes("/") ? [] : [...paths];
  return paths.includes(base)
    ? []
    : paths.map((path) => path.slice(base.length));
}
