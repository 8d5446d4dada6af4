import type { SessionRow, UserRow } from "../../db/schema.ts";
import type { Db } from "../../ports/db.ts";
import type { Actor } from "../../ports/route.ts";
import type { Trx } from "../../ports/transaction.ts";

export async function anyUserExists(db: Db): Promise<boolean> {
  const row = await db
    .selectFrom("users")
    .select("id")
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

export function findUser(
  db: Db,
  username: string,
): Promise<UserRow | undefined> {
  return db
    .selectFrom("users")
    .selectAll()
    .where("username", "=", username)
    .executeTakeFirst();
}

export async function insertUser(trx: Trx, row: UserRow): Promise<void> {
  await trx.insertInto("users").values(row).execute();
}

export async function setPasswordHash(
  trx: Trx,
  userId: string,
  passwordHash: string,
): Promise<void> {
  await trx
    .updateTable("users")
    .set({ password_hash: passwordHash, must_change_password: 0 })
    .where("id", "=", userId)
    .execute();
}

export async function setLastLogin(
  trx: Trx,
  userId: string,
  at: string,
): Promise<void> {
  await trx
    .updateTable("users")
    .set({ last_login_at: at })
    .where("id", "=", userId)
    .execute();
}

export async function insertSession(trx: Trx, row: SessionRow): Promise<void> {
  await trx.insertInto("sessions").values(row).execute();
}

export interface ActiveSession extends Actor {
  readonly expiresAt: string;
  readonly lastSeenAt: string;
}

/** A session that has not expired, of a user who is not disabled, with the role of this moment. */
export async function findActiveSession(
  db: Db,
  by: { readonly tokenHash: string } | { readonly sessionId: string },
  now: string,
): Promise<ActiveSession | undefined> {
  const base = db
    .selectFrom("sessions")
    .innerJoin("users", "users.id", "sessions.user_id")
    .select([
      "sessions.id as sessionId",
      "sessions.expires_at as expiresAt",
      "sessions.last_seen_at as lastSeenAt",
      "users.id as userId",
      "users.username",
      "users.role",
    ])
    .where("sessions.expires_at", ">", now)
    .where("users.disabled_at", "is", null);
  const one =
    "tokenHash" in by
      ? base.where("sessions.token_sha256", "=", by.tokenHash)
      : base.where("sessions.id", "=", by.sessionId);
  return one.executeTakeFirst();
}

export async function touchSession(
  db: Db,
  sessionId: string,
  now: string,
): Promise<void> {
  await db
    .updateTable("sessions")
    .set({ last_seen_at: now })
    .where("id", "=", sessionId)
    .execute();
}

export async function deleteSession(
  trx: Trx,
  sessionId: string,
): Promise<void> {
  await trx.deleteFrom("sessions").where("id", "=", sessionId).execute();
}

/** Returns the ids of the sessions it ended. */
export async function deleteSessionsOf(
  trx: Trx,
  userId: string,
): Promise<string[]> {
  const rows = await trx
    .deleteFrom("sessions")
    .where("user_id", "=", userId)
    .returning("id")
    .execute();
  return rows.map((row) => row.id);
}
