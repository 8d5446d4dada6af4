import type { StateDb } from "../state-db.ts";
import type { WholeTree } from "./builder.ts";

/** What the server has of a repository, as far as this host has sent it. */
export interface SentStore {
  /** The server forgets trees now and then, and names a new generation: then nothing counts as sent. */
  begin(repositoryId: string, generation: string): void;
  has(repositoryId: string, treeId: string): boolean;
  add(repositoryId: string, treeIds: readonly string[]): void;
  /** The tree of a snapshot by restic's own id of it; null when it was never sent as a whole. */
  root(repositoryId: string, resticTree: string): WholeTree | null;
  addRoot(repositoryId: string, resticTree: string, whole: WholeTree): void;
}

/** Of one repository. Sending one again does no harm. */
const maxTrees = 1_000_000;
const maxRoots = 100;

export function createSentStore(db: StateDb): SentStore {
  const generationOf = db.query<{ generation: string }, [string]>(
    "SELECT generation FROM index_generations WHERE repository_id = ?",
  );
  const isSent = db.query(
    "SELECT 1 FROM sent_trees WHERE repository_id = ? AND tree_id = ?",
  );
  const insert = db.query(
    "INSERT OR IGNORE INTO sent_trees (repository_id, tree_id) VALUES (?, ?)",
  );

  function forget(repositoryId: string): void {
    for (const table of ["sent_trees", "sent_roots", "index_generations"])
      db.query(`DELETE FROM ${table} WHERE repository_id = ?`).run(
        repositoryId,
      );
  }

  /** The oldest go, down to half of what may stay. */
  function limit(repositoryId: string): void {
    const { count } = db
      .query("SELECT count(*) AS count FROM sent_trees WHERE repository_id = ?")
      .get(repositoryId) as { count: number };
    if (count > maxTrees)
      db.query(
        "DELETE FROM sent_trees WHERE seq IN (SELECT seq FROM sent_trees WHERE repository_id = ? ORDER BY seq LIMIT ?)",
      ).run(repositoryId, count - maxTrees / 2);
  }

  return {
    begin(repositoryId, generation) {
      if (generationOf.get(repositoryId)?.generation === generation) return;
      db.transaction(() => {
        forget(repositoryId);
        db.query(
          "INSERT INTO index_generations (repository_id, generation) VALUES (?, ?)",
        ).run(repositoryId, generation);
      })();
    },
    has: (repositoryId, treeId) => isSent.get(repositoryId, treeId) !== null,
    add(repositoryId, treeIds) {
      db.transaction(() => {
        for (const id of treeIds) insert.run(repositoryId, id);
      })();
    },
    root: (repositoryId, resticTree) =>
      db
        .query<WholeTree, [string, string]>(
          "SELECT root, files, bytes FROM sent_roots WHERE repository_id = ? AND restic_tree = ?",
        )
        .get(repositoryId, resticTree),
    addRoot(repositoryId, resticTree, { root, files, bytes }) {
      db.transaction(() => {
        db.query(
          "INSERT OR REPLACE INTO sent_roots (repository_id, restic_tree, root, files, bytes) VALUES (?, ?, ?, ?, ?)",
        ).run(repositoryId, resticTree, root, files, bytes);
        db.query(
          "DELETE FROM sent_roots WHERE seq IN (SELECT seq FROM sent_roots WHERE repository_id = ? ORDER BY seq DESC LIMIT -1 OFFSET ?)",
        ).run(repositoryId, maxRoots);
        limit(repositoryId);
      })();
    },
  };
}
