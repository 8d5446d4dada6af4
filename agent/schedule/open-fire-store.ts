import type { StateDb } from "../state-db.ts";

/** What one schedule owes one source group. */
export interface Owed {
  readonly scheduleId: string;
  readonly groupId: string;
}

/** A fire whose backup failed for a reason that may pass. */
export interface Retry extends Owed {
  /** The fire, RFC 3339 UTC. */
  readonly dueAt: string;
  /** Made so far. */
  readonly attempts: number;
  /** When the next attempt is made, own clock; null while it is under way. */
  readonly nextAt: number | null;
}

/** Fires that were left out because the backup before still ran. RFC 3339 UTC. */
export interface BusyFires extends Owed {
  readonly firstDueAt: string;
  readonly lastDueAt: string;
  readonly count: number;
}

/** Fires that have not come to an end; kept, so that a restart of the agent forgets none. */
export interface OpenFireStore {
  retries(): Retry[];
  retry(owed: Owed): Retry | null;
  setRetry(retry: Retry): void;
  removeRetry(owed: Owed): void;
  addBusy(owed: Owed, dueAt: string): void;
  /** Those of a source group, which are forgotten by that. */
  takeBusy(groupId: string): BusyFires[];
}

const retryColumns =
  "schedule_id AS scheduleId, source_group_id AS groupId, due_at AS dueAt, attempts, next_at AS nextAt";

export function createOpenFireStore(db: StateDb): OpenFireStore {
  return {
    retries: () =>
      db.query(`SELECT ${retryColumns} FROM retries`).all() as Retry[],
    retry: ({ scheduleId, groupId }) =>
      db
        .query(
          `SELECT ${retryColumns} FROM retries WHERE schedule_id = ? AND source_group_id = ?`,
        )
        .get(scheduleId, groupId) as Retry | null,
    setRetry({ scheduleId, groupId, dueAt, attempts, nextAt }) {
      db.query(
        "INSERT OR REPLACE INTO retries (schedule_id, source_group_id, due_at, attempts, next_at) VALUES (?, ?, ?, ?, ?)",
      ).run(scheduleId, groupId, dueAt, attempts, nextAt);
    },
    removeRetry({ scheduleId, groupId }) {
      db.query(
        "DELETE FROM retries WHERE schedule_id = ? AND source_group_id = ?",
      ).run(scheduleId, groupId);
    },
    addBusy({ scheduleId, groupId }, dueAt) {
      db.query(
        `INSERT INTO busy_fires (schedule_id, source_group_id, first_due_at, last_due_at, count) VALUES (?, ?, ?, ?, 1)
         ON CONFLICT (schedule_id, source_group_id) DO UPDATE SET last_due_at = excluded.last_due_at, count = count + 1`,
      ).run(scheduleId, groupId, dueAt, dueAt);
    },
    takeBusy: (groupId) =>
      db
        .query(
          `DELETE FROM busy_fires WHERE source_group_id = ?
           RETURNING schedule_id AS scheduleId, source_group_id AS groupId, first_due_at AS firstDueAt, last_due_at AS lastDueAt, count`,
        )
        .all(groupId) as BusyFires[],
  };
}
