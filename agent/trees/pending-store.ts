import type { StateDb } from "../state-db.ts";

/** A snapshot that is to be indexed. */
export interface Pending {
  readonly repositoryId: string;
  readonly snapshotId: string;
  /** Attempts that failed. */
  readonly attempts: number;
  readonly addedAt: number;
}

/** Snapshots that wait to be indexed; survives the end of the agent. */
export interface PendingStore {
  /** `asked`: somebody waits for it. Again is no harm. */
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
  postpone(task: Pending, until: number): void;
  remove(task: Pending): void;
}

export function createPendingStore(db: StateDb): PendingStore {
  return {
    add: (repositoryId, snapshotId, { now, asked }) =>
      void db
        .query(
          `INSERT INTO pending_indexes (repository_id, snapshot_id, asked, attempts, added_at, next_at)
           VALUES (?, ?, ?, 0, ?, ?)
           ON CONFLICT DO UPDATE SET asked = max(asked, excluded.asked), next_at = excluded.next_at`,
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
    postpone: ({ repositoryId, snapshotId }, until) =>
      void db
        .query(
          "UPDATE pending_indexes SET attempts = attempts + 1, next_at = ? WHERE repository_id = ? AND snapshot_id = ?",
        )
        .run(until, repositoryId, snapshotId),
    remove: ({ repositoryId, snapshotId }) =>
      void db
        .query(
          "DELETE FROM pending_indexes WHERE repository_id = ? AND snapshot_id = ?",
        )
        .run(repositoryId, snapshotId),
  };
}
