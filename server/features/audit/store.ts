import type { AuditQuery } from "@restic-manager/shared/api/audit.ts";
import { sql } from "kysely";
import type { AuditRow } from "../../db/schema.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

export async function insertAudit(trx: Trx, row: AuditRow): Promise<void> {
  await trx.insertInto("audit_log").values(row).execute();
}

/** Newest first: an id sorts by the time it was made. */
export function listAudit(
  db: Db,
  { user, actor_kind, action, target_kind, since, cursor, limit }: AuditQuery,
): Promise<AuditRow[]> {
  let query = db
    .selectFrom("audit_log")
    .selectAll()
    .orderBy("id", "desc")
    .limit(limit);
  if (user !== undefined) {
    query = query.where("actor_kind", "=", "user");
    query = query.where("actor_name", "=", user);
  }
  if (actor_kind !== undefined)
    query = query.where("actor_kind", "=", actor_kind);
  if (action !== undefined)
    query = query.where(sql<boolean>`instr(action, ${action}) > 0`);
  if (target_kind !== undefined)
    query = query.where("target_kind", "=", target_kind);
  if (since !== undefined) query = query.where("ts", ">=", since);
  if (cursor !== undefined) query = query.where("id", "<", cursor);
  return query.execute();
}
