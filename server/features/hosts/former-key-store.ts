import { sql } from "kysely";
import type { Selectable } from "kysely";
import type { FormerKeyRow } from "../../db/schema.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";
import type { HostRecord } from "./store.ts";

export type FormerKey = Selectable<FormerKeyRow>;

type KeyHolder = Pick<
  HostRecord,
  "id" | "name" | "public_key" | "fingerprint" | "approved_at"
>;

/** Remembers the host's present key as one that ends `until` now. */
export async function endKey(
  trx: Trx,
  host: KeyHolder,
  reason: FormerKey["reason"],
  until: string,
): Promise<void> {
  await trx
    .insertInto("former_keys")
    .values({
      public_key: host.public_key,
      host_id: host.id,
      host_name: host.name,
      fingerprint: host.fingerprint,
      since:
        (await replacedKeys(trx, host.id, 1))[0]?.until ?? host.approved_at,
      until,
      reason,
    })
    .execute();
}

/** Keys that a host had before its present one, newest first. */
export async function replacedKeys(
  db: Db | Trx,
  hostId: string,
  limit: number,
): Promise<FormerKey[]> {
  return db
    .selectFrom("former_keys")
    .selectAll()
    .where("host_id", "=", hostId)
    .orderBy("until", "desc")
    .limit(limit)
    .execute();
}

/** Whether the key ever was a host's that lost it. */
export async function isFormerKey(
  db: Db | Trx,
  publicKey: Uint8Array,
): Promise<boolean> {
  const row = await db
    .selectFrom("former_keys")
    .select("host_id")
    .where("public_key", "=", publicKey)
    .executeTakeFirst();
  return row !== undefined;
}

/** Keys that ended after `since` and are no host's now. */
export async function keysEndedSince(
  db: Db,
  since: string,
): Promise<Pick<FormerKey, "public_key" | "until">[]> {
  return db
    .selectFrom("former_keys")
    .select(["public_key", "until"])
    .where("until", ">", since)
    .where(
      sql<boolean>`NOT EXISTS (SELECT 1 FROM hosts WHERE hosts.public_key = former_keys.public_key)`,
    )
    .execute();
}
