import type { StateDb } from "../state-db.ts";

/** A snapshot that is to be indexed. */
export interface Pending {
  readonly repositoryId: string;
  readonly snapshotId: string;
  /** Attempts that failed, or that the agent did not survive. */
  readonly attempts: number;
  readonly addedAt: number;
}

/** Snapshots that wait to be indexed; survives the end of the agent. */
export interface PendingStore {
  /** `asked`: somebody waits for it. Again is no harm; for one that is asked for, time begins anew. */
  add(
    repositoryId: string,
    snapshotId: string,
    by: { readonly now: number; readonly asked: boolean },
  ): void;
  /** What somebody waits for comes first, then the newest. */
  next(by: {
    readonly now: number;
    readonly onlyAsked: boolean;
  }): Pending | null;
  /** So many attempts were made, and the next one is not before `nextAt`. */
  tried(task: Pending, attempts: number, nextAt: number): void;
  remove(task: Pending): void;
}

export function createPendingStore(db: StateDb): PendingStore {
  return {
    add: (repositoryId, snapshotId, { now, asked }) =>
      void db
        .query(
          `INSERT INTO pending_indexes (repository_id, snapshot_id, asked, attempts, added_at, next_at)
           VALUES (?, ?, ?, 0, ?, ?)
           ON CONFLICT DO UPDATE SET asked = max(asked, excluded.asked), next_at = excluded.next_at,
             added_at = iif(excluded.asked, excluded.added_at, added_at)`,
        )
        .run(repositoryId, snapshotId, asked ? 1 : 0, now, now),
    next: ({ now, onlyAsked }) =>
      db
        .query<Pending, [number, number]>(
          `SELECT repository_id AS repositoryId, snapshot_id AS snapshotId, attempts, added_at AS addedAt
           FROM pending_indexes WHERE next_at <= ? AND asked >= ?
           ORDER BY asked DESC, seq DESC LIMIT 1`,
        )
        .get(now, onlyAsked ? 1 : 0),
    tried: ({ repositoryId, snapshotId }, attempts, nextAt) =>
      void db
        .query(
          "UPDATE pending_indexes SET attempts = ?, next_at = ? WHERE repository_id = ? AND snapshot_id = ?",
        )
        .run(attempts, nextAt, repositoryId, snapshotId),
    remove: ({ repositoryId, snapshotId }) =>
      void db
        .query(
          "DELETE FROM pending_indexes WHERE repository_id = ? AND snapshot_id = ?",
        )
        .run(repositoryId, snapshotId),
  };
}
