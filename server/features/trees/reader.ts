import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";
import { AppError } from "../../app-error.ts";
import type { Db } from "../../ports/db.ts";
import { unpack } from "./packed.ts";
import type { Unpacked } from "./packed.ts";
import * as store from "./store.ts";

/** Characters of trees that are kept unpacked: folders that people go back and forth between. */
const keptSize = 32 * 1024 * 1024;

/** Reads what is in snapshots, by the ids of trees. */
export interface TreeReader {
  /** @throws AppError `not_indexed` when the tree is gone, because its index was deleted meanwhile. */
  entries(repositoryId: string, id: string): Promise<readonly TreeEntry[]>;
  /** @throws AppError `snapshot_not_found`, `not_indexed` */
  root(repositoryId: string, snapshotId: string): Promise<string>;
  /**
   * What is at a path of a snapshot; the root is a folder with the sums of all of it. Null: nothing is there, or the snapshot
   * is not listed.
   */
  lookUp(
    repositoryId: string,
    snapshotId: string,
    path: string,
  ): Promise<TreeEntry | null | "not_indexed">;
  /** The entry at a path below a tree; the root itself is a folder without a name. @throws AppError `path_not_found` */
  resolve(repositoryId: string, root: string, path: string): Promise<TreeEntry>;
}

export function createTreeReader(db: Db): TreeReader {
  const kept = new Map<string, Unpacked>();
  let size = 0;

  function keep(key: string, tree: Unpacked): void {
    // Two may have read it at once.
    size += tree.size - (kept.get(key)?.size ?? 0);
    kept.delete(key);
    kept.set(key, tree);
    for (const [oldest, of] of kept) {
      if (size <= keptSize || oldest === key) return;
      kept.delete(oldest);
      size -= of.size;
    }
  }

  async function entries(repositoryId: string, id: string) {
    const key = `${repositoryId} ${id}`;
    const known = kept.get(key);
    if (known !== undefined) {
      keep(key, known);
      return known.entries;
    }
    const packed = await store.readTree(db, repositoryId, id);
    if (packed === null) throw new AppError("not_indexed");
    const read = unpack(packed);
    keep(key, read);
    return read.entries;
  }

  const reader: TreeReader = {
    entries,

    async lookUp(repositoryId, snapshotId, path) {
      try {
        const root = await reader.root(repositoryId, snapshotId);
        const found = await reader.resolve(repositoryId, root, path);
        if (found.d !== root) return found;
        const index = await store.findIndex(db, repositoryId, snapshotId);
        return { ...found, s: index?.bytes ?? 0, c: index?.files ?? 0 };
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return error.code === "not_indexed" ? "not_indexed" : null;
      }
    },

    async root(repositoryId, snapshotId) {
      if ((await store.findSnapshot(db, repositoryId, snapshotId)) === null)
        throw new AppError("snapshot_not_found");
      const index = await store.findIndex(db, repositoryId, snapshotId);
      if (index?.state !== "ready" || index.root === null)
        throw new AppError("not_indexed");
      return index.root;
    },

    async resolve(repositoryId, root, path) {
      let at: TreeEntry = { n: "/", t: "dir", s: 0, m: 0, p: "", d: root };
      for (const name of namesOf(path)) {
        const inside: readonly TreeEntry[] =
          at.d === undefined ? [] : await entries(repositoryId, at.d);
        const next = inside.find(({ n }) => n === name);
        if (next === undefined) throw new AppError("path_not_found");
        at = next;
      }
      return at;
    },
  };
  return reader;
}

function namesOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "");
}

export function below(path: string, name: string): string {
  return path === "/" ? `/${name}` : `${path}/${name}`;
}
