import type { Log } from "@restic-manager/shared/log.ts";
import { FailureError } from "../failure-error.ts";
import {
  FolderTooLargeError,
  type TreeListener,
  type WholeTree,
} from "./builder.ts";
import type {
  FolderLine,
  FolderMap,
  FolderStore,
  KnownFolder,
} from "./folder-store.ts";
import type { Changes, MadeSnapshots } from "./made-snapshots.ts";
import {
  readChanges,
  readTree,
  type ReadTreeDeps,
  type SnapshotFacts,
  type StoredSnapshot,
} from "./read-tree.ts";
import type { Spool } from "./spool.ts";

export interface ReadSnapshotDeps extends ReadTreeDeps {
  readonly folders: FolderStore;
  readonly made: MadeSnapshots;
  readonly log: Log;
}

export interface SnapshotToRead extends StoredSnapshot {
  readonly repositoryId: string;
  readonly facts: SnapshotFacts;
  /** The server's, see `SentStore`. */
  readonly generation: string;
}

/** A snapshot whose trees are in the spool. */
export interface ReadSnapshot {
  readonly whole: WholeTree;
  /** To be called when the server has all of it: the next snapshot starts from here. */
  keep(): void;
  close(): void;
}

/** Lists what changed, where that is known, else everything. Throws `FailureError`. */
export async function readSnapshot(
  deps: ReadSnapshotDeps,
  snapshot: SnapshotToRead,
  spool: Pick<Spool, "add" | "clear">,
): Promise<ReadSnapshot> {
  const { snapshotId, generation } = snapshot;
  const map = deps.folders.open(lineOf(snapshot), generation);
  const changes = map && deps.made.since(snapshotId, map.tree);
  if (map !== null && changes !== null)
    try {
      return await readNews(deps, snapshot, { map, changes }, spool.add);
    } catch (error) {
      map.close();
      if (deps.signal.aborted || isFinal(error)) throw error;
      spool.clear();
      deps.log.debug("A snapshot is listed as a whole", {
        repository_id: snapshot.repositoryId,
        error,
      });
    }
  else map?.close();
  return readAll(deps, snapshot, spool.add);
}

/** Whether a whole listing would end the same way. */
function isFinal(error: unknown): boolean {
  return (
    error instanceof FolderTooLargeError ||
    (error instanceof FailureError && error.failure.code !== "restic_failed")
  );
}

async function readNews(
  deps: ReadSnapshotDeps,
  snapshot: SnapshotToRead,
  from: { readonly map: FolderMap; readonly changes: Changes },
  onTree: TreeListener["onTree"],
): Promise<ReadSnapshot> {
  const { map } = from;
  const changed = new Map<string, KnownFolder>();
  const whole = await readChanges(deps, snapshot, from, {
    onTree,
    onFolder: (path, folder) => void changed.set(path, folder),
  });
  deps.log.debug("Only what changed in a snapshot was listed", {
    repository_id: snapshot.repositoryId,
  });
  return {
    whole,
    keep: () => map.update(snapshot.facts.tree, changed),
    close: () => map.close(),
  };
}

async function readAll(
  deps: ReadSnapshotDeps,
  snapshot: SnapshotToRead,
  onTree: TreeListener["onTree"],
): Promise<ReadSnapshot> {
  const { generation, facts } = snapshot;
  const draft = deps.folders.draft();
  try {
    const whole = await readTree(deps, snapshot, {
      onTree,
      onFolder: draft.add,
    });
    const { tree } = facts;
    return {
      whole,
      keep: () => draft.keep(lineOf(snapshot), { generation, tree }),
      close: () => draft.close(),
    };
  } catch (error) {
    draft.close();
    throw error;
  }
}

/** Where the map of a snapshot's folders is. */
export function lineOf({ repositoryId, facts }: SnapshotToRead): FolderLine {
  const { hostname, paths } = facts;
  return { repositoryId, hostname, paths };
}
