import { createHash } from "node:crypto";
import { zstdDecompressSync } from "node:zlib";
import { z } from "zod";
import { treeEntry } from "@restic-manager/shared/domain/tree.ts";
import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";

/** A folder with a million entries; whoever sends more is up to something. */
export const maxText = 256 * 1024 * 1024;
const entries = z.array(treeEntry).max(2_000_000);

export interface Unpacked {
  readonly entries: readonly TreeEntry[];
  /** Length of its text. */
  readonly size: number;
}

/** Reads a tree that was checked when it came. */
export function unpack(packed: Uint8Array): Unpacked {
  const text = textOf(packed);
  return { entries: JSON.parse(text) as TreeEntry[], size: text.length };
}

/** A tree that a host sent; null when it is not what its id names, takes more bytes than `room`, or is no tree at all. */
export function unpackChecked(
  id: string,
  packed: Uint8Array,
  room: number,
): Unpacked | null {
  try {
    const text = textOf(packed, room);
    const hash = createHash("sha256").update(text).digest("hex");
    if (hash.slice(0, 32) !== id) return null;
    const parsed = entries.safeParse(JSON.parse(text));
    if (!parsed.success) return null;
    const names = new Set(parsed.data.map(({ n }) => n));
    return names.size === parsed.data.length && !hasPath(names)
      ? { entries: parsed.data, size: text.length }
      : null;
  } catch {
    return null;
  }
}

function hasPath(names: ReadonlySet<string>): boolean {
  for (const name of names)
    if (name === "." || name === ".." || name.includes("/")) return true;
  return false;
}

function textOf(packed: Uint8Array, room = maxText): string {
  return zstdDecompressSync(packed, { maxOutputLength: room }).toString();
}
