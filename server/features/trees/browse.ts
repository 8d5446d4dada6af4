import type { FindResult, TreePage } from "@restic-manager/shared/api/trees.ts";
import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { below } from "./reader.ts";
import type { TreeReader } from "./reader.ts";
import { createBreath, createPatience } from "./breath.ts";

/** A search that takes longer answers with what it has found. */
const findMs = 10_000;
/** Folders that a search has still to look into: a million at once is no file system. */
const mostWaiting = 1_000_000;

export function createBrowse(deps: { reader: TreeReader; clock: Clock }) {
  const { reader, clock } = deps;

  return {
    async page(
      repositoryId: string,
      snapshotId: string,
      query: { path: string; cursor?: string | undefined; limit: number },
    ): Promise<TreePage> {
      const snapshot = await reader.open(repositoryId, snapshotId);
      const at = await snapshot.resolve(query.path);
      const all =
        at.d === undefined
          ? [at]
          : (await snapshot.entries(at.d)).toSorted(inOrder);
      const after = all.findIndex(({ n }) => n === query.cursor);
      const entries = all.slice(after + 1, after + 1 + query.limit);
      const isMore = after + 1 + entries.length < all.length;
      return {
        path: query.path,
        entries,
        total: all.length,
        next_cursor: isMore ? (entries.at(-1)?.n ?? null) : null,
      };
    },

    /** Everything whose name holds the text, folder by folder from the top. */
    async find(
      repositoryId: string,
      snapshotId: string,
      { q, limit }: { q: string; limit: number },
      signal: AbortSignal,
    ): Promise<FindResult> {
      const snapshot = await reader.open(repositoryId, snapshotId);
      const wanted = q.toLowerCase();
      const isOver = createPatience(clock, signal, findMs);
      const breath = createBreath(clock);
      const found: FindResult["found"] = [];
      const folders: { path: string; id: string }[] = [
        { path: "/", id: snapshot.root },
      ];
      for (let next = folders.shift(); next; next = folders.shift()) {
        for (const entry of await snapshot.entries(next.id)) {
          const path = below(next.path, entry.n);
          if (entry.d !== undefined) folders.push({ path, id: entry.d });
          if (!entry.n.toLowerCase().includes(wanted)) continue;
          if (found.length === limit) return { found, more: true };
          found.push({ path, entry });
        }
        await breath();
        if (isOver() || folders.length > mostWaiting)
          return { found, more: true };
      }
      return { found, more: false };
    },
  };
}

/** Folders first. */
function inOrder(a: TreeEntry, b: TreeEntry): number {
  const isDir = ({ t }: TreeEntry) => (t === "dir" ? 0 : 1);
  return isDir(a) - isDir(b) || (a.n < b.n ? -1 : a.n > b.n ? 1 : 0);
}
