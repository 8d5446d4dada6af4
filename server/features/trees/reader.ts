import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";
import { AppError } from "../../app-error.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Generations } from "./generations.ts";
import { unpack } from "./packed.ts";
import type { Unpacked } from "./packed.ts";
import * as store from "./store.ts";

/** Characters of trees that are kept unpacked: folders that people go back and forth between. */
const keptSize = 32 * 1024 * 1024;

const lost = "Folders of it were lost on the server; it is told again.";

/** One snapshot whose index is whole, as far as anybody knows. */
export interface OpenSnapshot {
  readonly root: string;
  /**
   * What is in a folder of it.
   * @throws AppError `not_indexed` when the tree is gone, because its index was deleted meanwhile; or was lost, and the snapshot
   * is then no longer taken for indexed.
   */
  entries(id: string): Promise<readonly TreeEntry[]>;
  /** The entry at a path; the root itself is a folder without a name. @throws AppError `path_not_found`, `not_indexed` */
  resolve(path: string): Promise<TreeEntry>;
}

/** Reads what is in snapshots. */
export interface TreeReader {
  /** @throws AppError `snapshot_not_found`, `not_indexed` */
  open(repositoryId: string, snapshotId: string): Promise<OpenSnapshot>;
  /** One whose root is known. */
  at(repositoryId: string, snapshotId: string, root: string): OpenSnapshot;
  /**
   * What is at a path of a snapshot; the root is a folder with the sums of all of it. Null: nothing is there, or the snapshot
   * is not listed.
   */
  lookUp(
    repositoryId: string,
    snapshotId: string,
    path: string,
  ): Promise<TreeEntry | null | "not_indexed">;
}

export function createTreeReader(deps: {
  db: Db;
  tx: Transaction;
  generations: Generations;
  clock: Clock;
}): TreeReader {
  const { db, tx, generations, clock } = deps;
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

  /** Null when it is not there. */
  async function entriesOf(repositoryId: string, id: string) {
    const key = `${repositoryId} ${id}`;
    const known = kept.get(key);
    if (known !== undefined) {
      keep(key, known);
      return known.entries;
    }
    const packed = await store.readTree(db, repositoryId, id);
    if (packed === null) return null;
    const read = unpack(packed);
    keep(key, read);
    return read.entries;
  }

  /** Agents that believe that the server has it must send it again. */
  async function giveUp(
    repositoryId: string,
    snapshotId: string,
    root: string,
  ): Promise<void> {
    await tx.run(async (trx) => {
      const at = toTimestamp(clock.now());
      if (await store.loseIndex(trx, repositoryId, snapshotId, root, lost, at))
        await generations.renew(trx, repositoryId);
    });
  }

  function at(
    repositoryId: string,
    snapshotId: string,
    root: string,
  ): OpenSnapshot {
    async function entries(id: string) {
      const found = await entriesOf(repositoryId, id);
      if (found !== null) return found;
      await giveUp(repositoryId, snapshotId, root);
      throw new AppError("not_indexed");
    }
    return {
      root,
      entries,
      async resolve(path) {
        let entry: TreeEntry = { n: "/", t: "dir", s: 0, m: 0, p: "", d: root };
        for (const name of namesOf(path)) {
          const inside: readonly TreeEntry[] =
            entry.d === undefined ? [] : await entries(entry.d);
          const next = inside.find(({ n }) => n === name);
          if (next === undefined) throw new AppError("path_not_found");
          entry = next;
        }
        return entry;
      },
    };
  }

  async function open(repositoryId: string, snapshotId: string) {
    if ((await store.findSnapshot(db, repositoryId, snapshotId)) === null)
      throw new AppError("snapshot_not_found");
    const index = await store.findIndex(db, repositoryId, snapshotId);
    if (index?.state !== "ready" || index.root === null)
      throw new AppError("not_indexed");
    return at(repositoryId, snapshotId, index.root);
  }

  return {
    open,
    at,
    async lookUp(repositoryId, snapshotId, path) {
      try {
        const snapshot = await open(repositoryId, snapshotId);
        const found = await snapshot.resolve(path);
        if (found.d !== snapshot.root) return found;
        const index = await store.findIndex(db, repositoryId, snapshotId);
        return { ...found, s: index?.bytes ?? 0, c: index?.files ?? 0 };
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return error.code === "not_indexed" ? "not_indexed" : null;
      }
    },
  };
}

function namesOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "");
}

export function below(path: string, name: string): string {
  return path === "/" ? `/${name}` : `${path}/${name}`;
}
