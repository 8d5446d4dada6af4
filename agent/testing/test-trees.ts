import { createHash } from "node:crypto";
import { zstdDecompressSync } from "node:zlib";
import type { z } from "zod";
import {
  treeEntry,
  type TreeEntry,
} from "@restic-manager/shared/domain/tree.ts";
import {
  treeDone,
  treeHave,
  treePut,
} from "@restic-manager/shared/protocol/tree.ts";

/** What the server keeps of snapshots, in memory, with the rules of the real one. */
export interface TestTrees {
  answer(op: string, request: unknown): Record<string, unknown>;
  /** Paths in a snapshot that is indexed as a whole, in order; null when it is not. */
  paths(snapshotId: string): string[] | null;
  entry(snapshotId: string, path: string): TreeEntry | undefined;
  whole(snapshotId: string): z.infer<typeof treeDone> | undefined;
  has(treeId: string): boolean;
  /** Trees that came, also those that were there. */
  received(): number;
  /** Longest message, in characters. */
  longest(): number;
  /** As after a restore of an older database. */
  lose(treeCount: number): void;
  /** As when a person deletes the index. */
  empty(): void;
  /** Whether snapshots are wanted. */
  want(wanted: boolean): void;
  /** Called before each answer; may throw, and then there is none. */
  onRequest(hook: (op: string) => void): void;
}

export function createTestTrees(): TestTrees {
  const trees = new Map<string, TreeEntry[]>();
  const wholes = new Map<string, z.infer<typeof treeDone>>();
  let pending: { id: string; parts: Buffer[] } | null = null;
  let generation = 1;
  let isWanted = true;
  let received = 0;
  let longest = 0;
  let hook: (op: string) => void = () => {};

  function take(id: string, packed: Uint8Array): boolean {
    const text = zstdDecompressSync(packed).toString();
    const hash = createHash("sha256").update(text).digest("hex");
    const entries = treeEntry.array().parse(JSON.parse(text));
    const isWhole = entries.every(
      ({ t, d }) => t !== "dir" || trees.has(d ?? ""),
    );
    if (hash.slice(0, 32) !== id || !isWhole) return false;
    if (new Set(entries.map(({ n }) => n)).size < entries.length) return false;
    trees.set(id, entries);
    received++;
    return true;
  }

  function put(parts: z.infer<typeof treePut>["trees"]): boolean {
    return parts.every(({ id, part, of, z }) => {
      if (part === 0) pending = { id, parts: [] };
      if (pending?.id !== id || pending.parts.length !== part) return false;
      pending.parts.push(Buffer.from(z, "base64"));
      return part + 1 < of || take(id, Buffer.concat(pending.parts));
    });
  }

  function next(): void {
    generation++;
    wholes.clear();
  }

  function entriesBelow(id: string, prefix: string): [string, TreeEntry][] {
    return (trees.get(id) ?? []).flatMap((entry) => {
      const path = `${prefix}/${entry.n}`;
      const below = entry.d === undefined ? [] : entriesBelow(entry.d, path);
      return [[path, entry] as [string, TreeEntry], ...below];
    });
  }

  const all = (snapshotId: string) => {
    const whole = wholes.get(snapshotId);
    return whole === undefined ? null : entriesBelow(whole.root, "");
  };

  return {
    answer(op, request) {
      hook(op);
      longest = Math.max(longest, JSON.stringify(request).length);
      const { host, t, snapshot_id } = treeHave.parse(request);
      const base = { host, t };
      if (op === "tree.have")
        return {
          ...base,
          wanted: isWanted && !wholes.has(snapshot_id),
          generation: String(generation),
        };
      if (!isWanted) return { ...base, ok: false, again: false };
      const done = op === "tree.done" ? treeDone.parse(request) : null;
      const isGood =
        done === null
          ? put(treePut.parse(request).trees)
          : trees.has(done.root);
      if (!isGood) next();
      if (isGood && done !== null) wholes.set(snapshot_id, done);
      return { ...base, ok: isGood, again: !isGood };
    },
    paths: (snapshotId) => all(snapshotId)?.map(([path]) => path) ?? null,
    entry: (snapshotId, path) =>
      all(snapshotId)?.find(([one]) => one === path)?.[1],
    whole: (snapshotId) => wholes.get(snapshotId),
    has: (treeId) => trees.has(treeId),
    received: () => received,
    longest: () => longest,
    lose(count) {
      for (const id of [...trees.keys()].slice(0, count)) trees.delete(id);
    },
    empty() {
      trees.clear();
      next();
    },
    want: (wanted) => void (isWanted = wanted),
    onRequest: (next) => void (hook = next),
  };
}
