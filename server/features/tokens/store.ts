import { sql } from "kysely";
import type { Selectable } from "kysely";
import type { EnrolmentTokenRow, UserRow } from "../../db/schema.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

export type TokenRow = Selectable<EnrolmentTokenRow>;
/** With who made it, as that user is now. */
export type TokenRecord = TokenRow &
  Pick<UserRow, "username" | "role" | "disabled_at">;

function records(db: Db | Trx) {
  return db
    .selectFrom("enrolment_tokens")
    .innerJoin("users", "users.id", "enrolment_tokens.created_by")
    .selectAll("enrolment_tokens")
    .select(["users.username", "users.role", "users.disabled_at"]);
}

export async function insertToken(trx: Trx, row: TokenRow): Promise<void> {
  await trx.insertInto("enrolment_tokens").values(row).execute();
}

export async function findToken(
  trx: Trx,
  id: string,
): Promise<TokenRecord | null> {
  const query = records(trx).where("enrolment_tokens.id", "=", id);
  return (await query.executeTakeFirst()) ?? null;
}

/** Those that can be used, and those that were since `usedAfter`; newest first. */
export function listTokens(
  db: Db,
  { now, usedAfter }: { now: string; usedAfter: string },
): Promise<TokenRecord[]> {
  return records(db)
    .where(
      sql<boolean>`CASE WHEN used_at IS NULL THEN expires_at > ${now} ELSE used_at > ${usedAfter} END`,
    )
    .orderBy("enrolment_tokens.id", "desc")
    .limit(200)
    .execute();
}

export async function countOpen(trx: Trx, now: string): Promise<number> {
  const row = await trx
    .selectFrom("enrolment_tokens")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("used_at", "is", null)
    .where("expires_at", ">", now)
    .executeTakeFirstOrThrow();
  return row.count;
}

/** The secrets leave the row: they are the repository's from now on. */
export async function setUsed(
  trx: Trx,
  id: string,
  used: { used_at: string; host_id: string },
): Promise<void> {
  await trx
    .updateTable("enrolment_tokens")
    .set({ ...used, sealed: null })
    .where("id", "=", id)
    .execute();
}

export async function setTags(
  trx: Trx,
  hostId: string,
  tags: string,
): Promise<void> {
  await trx
    .updateTable("hosts")
    .set({ tags })
    .where("id", "=", hostId)
    .execute();
}

export async function deleteToken(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom("enrolment_tokens").where("id", "=", id).execute();
}

/** Secrets of tokens that nobody can use any more go at once, their rows when nobody will ask after them. */
export async function sweepTokens(
  trx: Trx,
  { now, goneBefore }: { now: string; goneBefore: string },
): Promise<void> {
  await trx
    .updateTable("enrolment_tokens")
    .set({ sealed: null })
    .where("sealed", "is not", null)
    .where("expires_at", "<=", now)
    .execute();
  await trx
    .deleteFrom("enrolment_tokens")
    .where("expires_at", "<=", goneBefore)
    .execute();
}
