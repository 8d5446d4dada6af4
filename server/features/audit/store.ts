import type { AuditRow } from "../../db/schema.ts";
import type { Trx } from "../../ports/transaction.ts";

export async function insertAudit(trx: Trx, row: AuditRow): Promise<void> {
  await trx.insertInto("audit_log").values(row).execute();
}
