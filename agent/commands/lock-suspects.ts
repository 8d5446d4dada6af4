import type { StateDb } from "../state-db.ts";

/** Repositories in which a restic of this host ended without removing its lock, until somebody has looked. */
export interface LockSuspects {
  has(repositoryId: string): boolean;
  add(repositoryId: string): void;
  remove(repositoryId: string): void;
}

export function createLockSuspects(db: StateDb): LockSuspects {
  return {
    has: (repositoryId) =>
      db
        .query("SELECT 1 FROM lock_suspects WHERE repository_id = ?")
        .get(repositoryId) !== null,
    add(repositoryId) {
      db.query(
        "INSERT INTO lock_suspects (repository_id) VALUES (?) ON CONFLICT DO NOTHING",
      ).run(repositoryId);
    },
    remove(repositoryId) {
      db.query("DELETE FROM lock_suspects WHERE repository_id = ?").run(
        repositoryId,
      );
    },
  };
}
