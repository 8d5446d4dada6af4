import { createHash } from "node:crypto";
import { zstdDecompressSync } from "node:zlib";
import {
  mostEntries,
  mostTreeBytes,
  treeEntry,
} from "@restic-manager/shared/domain/tree.ts";
import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";

/** Bytes of one entry: its name and where it leads take 24 KiB each when every character is escaped. */
const maxEntry = 64 * 1024;
/** What would be kept of unknown keys is anybody's guess. */
const strictEntry = treeEntry.strict();
const entriesAtOnce = 1_000;

export interface Unpacked {
  readonly entries: readonly TreeEntry[];
  /** Length of its text. */
  readonly size: number;
}

export interface CheckedTree {
  /** Bytes of its text. */
  readonly size: number;
  /** Ids of the folders in it. */
  readonly below: ReadonlySet<string>;
}

/** Reads a tree that was checked when it came. */
export function unpack(packed: Uint8Array): Unpacked {
  const text = bytesOf(packed, mostTreeBytes).toString();
  return { entries: JSON.parse(text) as TreeEntry[], size: text.length };
}

/**
 * Looks at a tree that a host sent. Null when it is not what its id names, takes more bytes than `room`, or is no tree at all.
 * One entry after the other, so that a small message of millions of things costs no more than the first that is wrong.
 */
export async function checkTree(
  id: string,
  packed: Uint8Array,
  room: number,
  pause: () => Promise<void>,
): Promise<CheckedTree | null> {
  try {
    const bytes = bytesOf(packed, room);
    const below = new Set<string>();
    let name = "";
    let number = 0;
    for (const entry of entriesOf(bytes)) {
      if (entry === null || !isNext(entry, name)) return null;
      if (++number > mostEntries) return null;
      if (entry.d !== undefined) below.add(entry.d);
      name = entry.n;
      if (number % entriesAtOnce === 0) await pause();
    }
    const hash = createHash("sha256").update(bytes).digest("hex");
    return hash.slice(0, 32) === id ? { size: bytes.length, below } : null;
  } catch {
    return null;
  }
}

/** Sorted, so no name is there twice. */
function isNext({ n, t, d }: TreeEntry, before: string): boolean {
  if (n <= before || n === "." || n === ".." || n.includes("/")) return false;
  return t !== "dir" || d !== undefined;
}

const [open, close, list, listEnd, comma, quote, backslash] = [
  ...Buffer.from('{}[],"\\'),
];

/** Null in place of what is none, and for the rest. */
function* entriesOf(bytes: Buffer): Generator<TreeEntry | null> {
  const last = bytes.length - 1;
  if (bytes[0] !== list || bytes[last] !== listEnd) return yield null;
  for (let at = 1; at < last;) {
    const end = bytes[at] === open ? endOf(bytes, at) : null;
    if (end === null) return yield null;
    const text = bytes.toString("utf8", at, end);
    yield strictEntry.safeParse(JSON.parse(text)).data ?? null;
    const isLast = end === last;
    if (!isLast && (bytes[end] !== comma || end + 1 === last))
      return yield null;
    at = end + 1;
  }
}

/** Where an entry ends that begins at `start`; null when it does not, is too long, or has anything but values in it. */
function endOf(bytes: Buffer, start: number): number | null {
  const limit = Math.min(bytes.length, start + maxEntry);
  let isText = false;
  for (let at = start + 1; at < limit; at++) {
    const byte = bytes[at];
    if (byte === quote) isText = !isText;
    else if (isText) at += byte === backslash ? 1 : 0;
    else if (byte === close) return at + 1;
    else if (byte === open || byte === list) return null;
  }
  return null;
}

function bytesOf(packed: Uint8Array, room: number): Buffer {
  return zstdDecompressSync(packed, { maxOutputLength: room });
}
