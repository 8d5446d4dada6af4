import { posix, resolve } from "node:path";
import { atLeast } from "@restic-manager/shared/domain/restic-version.ts";
import {
  restorePaths,
  type RestoreTarget,
} from "@restic-manager/shared/domain/restore.ts";
import type { RestoreSecret } from "@restic-manager/shared/protocol/command.ts";
import { FailureError } from "../failure-error.ts";
import {
  folderState,
  foreignLink,
  isFolder,
  type FolderState,
} from "../platform/target-folder.ts";
import { restoreSince } from "../restic/restore-args.ts";

/** Where a restore goes, as restic is to be told. */
export interface RestorePlace {
  /** The folder of this host that restic writes into. */
  readonly folder: string;
  /** The folder of the snapshot that comes to lie there. */
  readonly base: string;
  /** What to restore, below `base`; empty for all of it. */
  readonly includes: readonly string[];
  /** For people; null in place. */
  readonly target: string | null;
  readonly state: FolderState;
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
  const folder = filledIn(target.path, jobId, host.home);
  const base = strip ?? "/";
  refuseForeignLink(folder);
  return {
    folder,
    base,
    includes: belowBase(paths, base),
    target: folder,
    state: folderState(folder),
  };
}

/**
 * Back where it came from. Only what lies below the deepest folder that is there is touched: the folders above keep their
 * owners and times, and a link above them stays one.
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
  let base = paths.map(posix.dirname).reduce(commonFolder);
  while (base !== "/" && !isFolder(base)) base = posix.dirname(base);
  refuseForeignLink(base);
  return {
    folder: base,
    base,
    includes: belowBase(paths, base),
    target: null,
    state: folderState(base) === "not_writable" ? "not_writable" : "not_empty",
  };
}

/** Refuses what this host or its restic cannot do well, before anything is written. Throws `FailureError`. */
export function checkPlace(
  place: RestorePlace,
  { target, overwrite }: Pick<RestoreSecret, "target" | "overwrite">,
  version: string,
): void {
  const { folder, base, state } = place;
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
  if (base !== "/" && !atLeast(version, restoreSince.base))
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

function refuseForeignLink(folder: string): void {
  const link = foreignLink(folder);
  if (link !== null)
    throw new FailureError(
      "target_refused",
      `${link} is a symbolic link made by another user than root, who would decide where the files go; choose the folder it leads to, or another one.`,
    );
}

function filledIn(path: string, jobId: string, home: string): string {
  return resolve(
    path
      .replace(/^(~|\$HOME|\$\{HOME\})(?=\/|$)/, () => home)
      .replaceAll("<job-id>", () => jobId),
  );
}

function commonFolder(a: string, b: string): string {
  let folder = a;
  while (!isBelow(b, folder)) folder = posix.dirname(folder);
  return folder;
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
