import type { StateDb } from "../state-db.ts";

/** Ids of commands that were carried out, kept until they expire, so that none is carried out twice. */
export interface SeenCommands {
  /** False when the id was there already. Times in milliseconds of server time. */
  remember(id: string, expiresAt: number, now: number): boolean;
}

export function createSeenCommands(db: StateDb): SeenCommands {
  return {
    remember(id, expiresAt, now) {
      db.query("DELETE FROM seen_commands WHERE exp < ?").run(now);
      const { changes } = db
        .query(
          "INSERT INTO seen_commands (id, exp) VALUES (?, ?) ON CONFLICT DO NOTHING",
        )
        .run(id, expiresAt);
      return changes > 0;
    },
  };
}
