import {
  accessSync,
  constants,
  lstatSync,
  opendirSync,
  readFileSync,
  readlinkSync,
  statfsSync,
  statSync,
  type Stats,
} from "node:fs";
import { dirname, isAbsolute, join, parse } from "node:path";

export type FolderState = "absent" | "empty" | "not_empty" | "not_writable";

/** What is at a place that files are to be written to. */
export function folderState(path: string): FolderState {
  const there = lookAt(statSync, path);
  if (there === null)
    return mayWrite(nearestFolder(path)) ? "absent" : "not_writable";
  if (!there.isDirectory() || !mayWrite(path)) return "not_writable";
  return isEmpty(path) ? "empty" : "not_empty";
}

/** Bytes that are free where a folder is, or will be; null when the system does not say. */
export function freeSpace(path: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(nearestFolder(path));
    return bavail * bsize;
  } catch {
    return null;
  }
}

/** As many links as Linux follows. */
const mostLinks = 40;

/**
 * Where a path leads, without a link on the way as far as it is there. `foreign` is the first link on it, or behind another one,
 * that another user than root or our own has made, or null: whoever restores as root through one writes where that user wants.
 */
export function leadsTo(path: string): {
  readonly folder: string;
  readonly foreign: string | null;
} {
  const own = process.getuid?.();
  const { root } = parse(path);
  const ahead = partsOf(path.slice(root.length));
  let at = root;
  let links = 0;
  for (let part = ahead.shift(); part !== undefined; part = ahead.shift()) {
    if (part === "..") {
      at = dirname(at);
      continue;
    }
    const next = join(at, part);
    const there = lookAt(lstatSync, next);
    if (there?.isSymbolicLink() !== true) {
      at = next;
      continue;
    }
    if (own !== undefined && there.uid !== 0 && there.uid !== own)
      return { folder: path, foreign: next };
    if (++links > mostLinks) return { folder: path, foreign: null };
    const to = readlinkSync(next);
    if (isAbsolute(to)) at = parse(to).root;
    ahead.unshift(...partsOf(to.slice(parse(to).root.length)));
  }
  return { folder: at, foreign: null };
}

function partsOf(path: string): string[] {
  const signs = process.platform === "win32" ? /[\\/]/ : /\//;
  return path.split(signs).filter((part) => part !== "" && part !== ".");
}

export function isFolder(path: string): boolean {
  return lookAt(statSync, path)?.isDirectory() === true;
}

/** Whether a folder is there itself, and no link to one. */
export function isRealFolder(path: string): boolean {
  return lookAt(lstatSync, path)?.isDirectory() === true;
}

export function isThere(path: string): boolean {
  return lookAt(lstatSync, path) !== null;
}

/** Whether something is there that is no folder; a link to one is none. */
export function isNoFolder(path: string): boolean {
  return lookAt(lstatSync, path)?.isDirectory() === false;
}

/** Whether this process may give files to other users. Windows has no owners as numbers: restic does what it can. */
export function maySetOwners(): boolean {
  if (process.platform === "win32") return true;
  const isRoot = process.getuid?.() === 0;
  if (process.platform !== "linux") return isRoot;
  // Root of a container may lack the right (CAP_CHOWN, the lowest bit).
  const status = readFileSync("/proc/self/status", "utf8");
  const rights = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return rights === undefined ? isRoot : (BigInt(`0x${rights}`) & 1n) === 1n;
}

function nearestFolder(path: string): string {
  let at = path;
  while (lookAt(statSync, at) === null && dirname(at) !== at) at = dirname(at);
  return at;
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}

function isEmpty(folder: string): boolean {
  const listing = opendirSync(folder);
  try {
    return listing.readSync() === null;
  } finally {
    listing.closeSync();
  }
}

function lookAt(look: (path: string) => Stats, path: string): Stats | null {
  try {
    return look(path);
  } catch {
    return null;
  }
}
