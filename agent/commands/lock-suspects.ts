import type { StateDb } from "../state-db.ts";

/** Repositories in which a restic of this host ended without removing its lock, until somebody has looked. */
export interface LockSuspects {
  has(repositoryId: string): boolean;
  /** Which processes these were, as far as is known. */
  pids(repositoryId: string): ReadonlySet<number>;
  /** `pid`: null when it is not known. */
  add(repositoryId: string, pid: number | null): void;
  remove(repositoryId: string): void;
}

export function createLockSuspects(db: StateDb): LockSuspects {
  return {
    has: (repositoryId) =>
      db
        .query("SELECT 1 FROM suspect_restics WHERE repository_id = ?")
        .get(repositoryId) !== null,
    pids: (repositoryId) =>
      new Set(
        db
          .query<{ pid: number }, [string]>(
            "SELECT pid FROM suspect_restics WHERE repository_id = ? AND pid > 0",
          )
          .all(repositoryId)
          .map(({ pid }) => pid),
      ),
    add(repositoryId, pid) {
      db.query(
        "INSERT INTO suspect_restics (repository_id, pid) VALUES (?, ?) ON CONFLICT DO NOTHING",
      ).run(repositoryId, pid ?? 0);
    },
    remove(repositoryId) {
      db.query("DELETE FROM suspect_restics WHERE repository_id = ?").run(
        repositoryId,
      );
    },
  };
}
