import type { StateDb } from "../state-db.ts";

export interface NextFire {
  readonly scheduleId: string;
  readonly cron: string;
  readonly tz: string;
  /** Milliseconds since the Unix epoch, own clock. */
  readonly at: number;
  /** When it was worked out, own clock. */
  readonly plannedAt: number;
}

/** When each schedule fires next, kept so that a fire missed while the agent was down is noticed. */
export interface NextFireStore {
  list(): NextFire[];
  set(fire: NextFire): void;
  remove(scheduleId: string): void;
}

export function createNextFireStore(db: StateDb): NextFireStore {
  return {
    list: () =>
      db
        .query(
          "SELECT schedule_id AS scheduleId, cron, tz, next_at AS at, planned_at AS plannedAt FROM next_fires",
        )
        .all() as NextFire[],
    set({ scheduleId, cron, tz, at, plannedAt }) {
      db.query(
        "INSERT OR REPLACE INTO next_fires (schedule_id, cron, tz, next_at, planned_at) VALUES (?, ?, ?, ?, ?)",
      ).run(scheduleId, cron, tz, at, plannedAt);
    },
    remove(scheduleId) {
      db.query("DELETE FROM next_fires WHERE schedule_id = ?").run(scheduleId);
    },
  };
}
