import { sql } from "kysely";
import type { Selectable } from "kysely";
import type { PendingHostRow } from "../../db/schema.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

export type PendingRecord = Selectable<PendingHostRow>;

export type WaitingRecord = PendingRecord & {
  readonly host_clash: number;
  readonly pending_clash: number;
  readonly removed_host_name: string | null;
  readonly removed_until: string | null;
};

/** Removes announcements whose time is up and returns them. */
export async function deleteExpiredPending(
  db: Db | Trx,
  now: string,
): Promise<Pick<PendingRecord, "proved_at" | "decision">[]> {
  return db
    .deleteFrom("pending_hosts")
    .where("expires_at", "<=", now)
    .returning(["proved_at", "decision"])
    .execute();
}

export async function findPending(
  db: Db | Trx,
  id: string,
  now: string,
): Promise<PendingRecord | null> {
  const row = await db
    .selectFrom("pending_hosts")
    .selectAll()
    .where("id", "=", id)
    .where("expires_at", ">", now)
    .executeTakeFirst();
  return row ?? null;
}

export async function findPendingByKey(
  trx: Trx,
  publicKey: Uint8Array,
): Promise<PendingRecord | null> {
  const row = await trx
    .selectFrom("pending_hosts")
    .selectAll()
    .where("public_key", "=", publicKey)
    .executeTakeFirst();
  return row ?? null;
}

export async function countUndecided(trx: Trx): Promise<number> {
  const row = await trx
    .selectFrom("pending_hosts")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("decision", "is", null)
    .executeTakeFirstOrThrow();
  return row.count;
}

export async function insertPending(
  trx: Trx,
  row: PendingRecord,
): Promise<void> {
  await trx.insertInto("pending_hosts").values(row).execute();
}

/** What a key that announces again may change about its row: what it says of itself, never what was decided. */
export type Announcement = Pick<
  PendingRecord,
  | "hostname"
  | "os"
  | "arch"
  | "tz"
  | "agent_version"
  | "restic_version"
  | "x25519"
  | "document"
  | "signature"
  | "nonce"
  | "announced_from_ip"
  | "last_seen_at"
>;

export async function updatePending(
  trx: Trx,
  id: string,
  change: Announcement & Pick<PendingRecord, "expires_at">,
): Promise<void> {
  await trx
    .updateTable("pending_hosts")
    .set(change)
    .where("id", "=", id)
    .execute();
}

/** Uses up the nonce of a proof and prolongs the row. False when it is not the row's nonce, or no longer. */
export async function useNonce(
  db: Db,
  id: string,
  nonce: string,
  { now, expiresAt }: { now: string; expiresAt: string },
): Promise<boolean> {
  const row = await db
    .updateTable("pending_hosts")
    .set({
      nonce: null,
      proved_at: sql`coalesce(proved_at, ${now})`,
      last_seen_at: now,
      expires_at: expiresAt,
    })
    .where("id", "=", id)
    .where("nonce", "=", nonce)
    .returning("id")
    .executeTakeFirst();
  return row !== undefined;
}

/** Gives the row its next nonce, unless a newer announcement has given it one. */
export async function setNonce(
  db: Db,
  id: string,
  nonce: string,
): Promise<void> {
  await db
    .updateTable("pending_hosts")
    .set({ nonce })
    .where("id", "=", id)
    .where("nonce", "is", null)
    .execute();
}

export async function decidePending(
  trx: Trx,
  id: string,
  decision: Pick<
    PendingRecord,
    "decision" | "decided_at" | "host_id" | "expires_at"
  >,
): Promise<void> {
  await trx
    .updateTable("pending_hosts")
    .set(decision)
    .where("id", "=", id)
    .execute();
}

/** Everything that waits for a person, oldest first: proved, not decided, not expired. */
export async function listWaiting(
  db: Db,
  now: string,
): Promise<WaitingRecord[]> {
  return withClashes(db, now)
    .where("p.decision", "is", null)
    .where("p.proved_at", "is not", null)
    .where("p.expires_at", ">", now)
    .orderBy("p.first_seen_at")
    .orderBy("p.id")
    .execute();
}

/** Whether a host, or somebody else who waits, has the name of this row already. */
export async function isNameTaken(
  trx: Trx,
  id: string,
  now: string,
): Promise<boolean> {
  const row = await withClashes(trx, now)
    .where("p.id", "=", id)
    .executeTakeFirstOrThrow();
  return row.host_clash + row.pending_clash > 0;
}

/** What is known of the end of the row's key, when it was a host's before. */
function removal(column: "host_name" | "until") {
  return sql<string | null>`(SELECT ${sql.ref(column)} FROM former_keys
    WHERE former_keys.public_key = p.public_key ORDER BY until DESC LIMIT 1)`.as(
    `removed_${column}`,
  );
}

function withClashes(db: Db | Trx, now: string) {
  return db
    .selectFrom("pending_hosts as p")
    .selectAll("p")
    .select([
      sql<number>`EXISTS (SELECT 1 FROM hosts WHERE hosts.id IS NOT p.host_id
        AND (hosts.hostname = p.hostname COLLATE NOCASE OR hosts.name = p.hostname))`.as(
        "host_clash",
      ),
      sql<number>`EXISTS (SELECT 1 FROM pending_hosts AS other WHERE other.id <> p.id
        AND other.hostname = p.hostname COLLATE NOCASE
        AND other.decision IS NULL AND other.expires_at > ${now})`.as(
        "pending_clash",
      ),
    ])
    .select([removal("host_name"), removal("until")]);
}
