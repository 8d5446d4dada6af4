import type { SessionRow } from "../../db/schema.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

/** Running sessions of a user, newest first; those before `cursor` when it is given. */
export function listSessionsOf(
  db: Db,
  userId: string,
  page: {
    readonly now: string;
    readonly cursor: string | undefined;
    readonly limit: number;
  },
): Promise<Omit<SessionRow, "token_sha256" | "user_id">[]> {
  const rows = db
    .selectFrom("sessions")
    .select([
      "id",
      "created_at",
      "last_seen_at",
      "expires_at",
      "ip",
      "user_agent",
    ])
    .where("user_id", "=", userId)
    .where("expires_at", ">", page.now)
    .orderBy("id", "desc")
    .limit(page.limit);
  const { cursor } = page;
  return (
    cursor === undefined ? rows : rows.where("id", "<", cursor)
  ).execute();
}

/** Returns whether the user had that session. */
export async function deleteSessionOf(
  trx: Trx,
  userId: string,
  sessionId: string,
): Promise<boolean> {
  const result = await trx
    .deleteFrom("sessions")
    .where("id", "=", sessionId)
    .where("user_id", "=", userId)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

export async function deleteExpiredSessions(
  trx: Trx,
  now: string,
): Promise<void> {
  await trx.deleteFrom("sessions").where("expires_at", "<=", now).execute();
}
