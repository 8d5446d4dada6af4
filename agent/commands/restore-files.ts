import { posix } from "node:path";
import {
  isUnwritten,
  isUnmarked,
  type ItemError,
} from "../restic/snapshot-words.ts";

/** Which files a restore brought back, and what it says went wrong with which; paths are those of the snapshot. */
export interface RestoreFiles {
  add(path: string, size: number): void;
  fail(path: string, words: ItemError["words"]): void;
  files(): number;
  bytes(): number;
  /** Whether an error tells why this is not there: one with it, with something in it, or with a folder it is in. */
  isExplained(path: string): boolean;
}

/** More than fit into two pipes at once. */
const latestNames = 4_096;

/**
 * restic names a file as restored and says only then, by another stream, that it could not be written; of one in several pieces
 * it may say so before. All names would be too many to keep.
 */
export function createRestoreFiles(): RestoreFiles {
  let [files, bytes] = [0, 0];
  const latest = new Map<string, number>();
  const unwritten = new Set<string>();
  /** What there were errors with, and the folders it is in: all of it is in the snapshot. */
  const held = new Set<string>();
  /** Of these, what may not have been gone into. */
  const failed = new Set<string>();

  return {
    add(path, size) {
      if (unwritten.has(path)) return;
      files++;
      bytes += size;
      latest.set(path, size);
      const [oldest] = latest.keys();
      if (latest.size > latestNames && oldest !== undefined)
        latest.delete(oldest);
    },
    fail(path, words) {
      for (let at = path; !held.has(at); at = posix.dirname(at)) held.add(at);
      if (!isUnmarked(words)) failed.add(path);
      if (!isUnwritten(words)) return;
      unwritten.add(path);
      const size = latest.get(path);
      if (size === undefined) return;
      latest.delete(path);
      files--;
      bytes -= size;
    },
    files: () => files,
    bytes: () => bytes,
    isExplained(path) {
      if (held.has(path)) return true;
      let at = path;
      while (at !== "/" && !failed.has(at)) at = posix.dirname(at);
      return failed.has(at);
    },
  };
}
