import { allFolders, type MadeSnapshot } from "../restic/changed-folders.ts";

/** What led from one snapshot to another. */
export interface Changes {
  /** Folders that may differ, the root left out; some may be in neither. */
  readonly folders: ReadonlySet<string>;
  /** Those of them that are in the newer one for certain. */
  readonly last: readonly string[];
}

/** What backups of this life of the agent told of the snapshots they made. */
export interface MadeSnapshots {
  add(snapshot: MadeSnapshot): void;
  of(snapshotId: string): MadeSnapshot | undefined;
  /** What changed since one that held `tree`; null when that is not known. */
  since(snapshotId: string, tree: string): Changes | null;
}

/** The last ones of all groups of the host. */
const maxKept = 50;

export function createMadeSnapshots(): MadeSnapshots {
  const made = new Map<string, MadeSnapshot>();

  function withTree(tree: string | null): MadeSnapshot | undefined {
    return [...made.values()].findLast((one) => one.tree === tree);
  }

  return {
    add(snapshot) {
      made.delete(snapshot.id);
      made.set(snapshot.id, snapshot);
      for (const id of [...made.keys()].slice(0, -maxKept)) made.delete(id);
    },
    of: (snapshotId) => made.get(snapshotId),
    since(snapshotId, tree) {
      const lists: (readonly string[])[] = [];
      let at = made.get(snapshotId);
      while (at?.folders && lists.length < maxKept) {
        lists.push(at.folders);
        if (at.parentTree === tree) {
          const folders = allFolders(lists);
          return folders && { folders, last: lists[0] ?? [] };
        }
        at = withTree(at.parentTree);
      }
      return null;
    },
  };
}
