import type { LeftKey } from "@restic-manager/shared/api/hosts.ts";
import type { Selectable } from "kysely";
import type { TemporaryKeyRow } from "../../db/recovery-rows.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

export type TemporaryKey = Selectable<TemporaryKeyRow>;

/** The user name that restic lists the key under: what finds it when nobody heard its id. */
export const labelOf = (id: string) => `rm-${id.toLowerCase()}`;

export async function insertKey(trx: Trx, row: TemporaryKey): Promise<void> {
  await trx.insertInto("temporary_keys").values(row).execute();
}

export async function updateKey(
  trx: Trx,
  id: string,
  change: Partial<
    Pick<
      TemporaryKey,
      "job_id" | "restic_key_id" | "keeper_host_id" | "last_error"
    >
  >,
): Promise<void> {
  await trx
    .updateTable("temporary_keys")
    .set(change)
    .where("id", "=", id)
    .execute();
}

export async function deleteKey(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom("temporary_keys").where("id", "=", id).execute();
}

/**
 * Keys that no restore needs any more: it has ended, or there never was one. One that no agent has confirmed counts only when
 * it was noted before `addedBy`: until then it may still be made.
 */
export async function spentKeys(
  db: Db,
  {
    now,
    addedBy,
    without,
  }: { now: string; addedBy: string; without: readonly string[] },
): Promise<TemporaryKey[]> {
  return db
    .selectFrom("temporary_keys as key")
    .leftJoin("jobs", "jobs.id", "key.job_id")
    .selectAll("key")
    .where((eb) =>
      eb.or([
        eb("jobs.id", "is", null),
        eb("jobs.finished_at", "is not", null),
        eb("key.remove_after", "<=", now),
      ]),
    )
    .where((eb) =>
      eb.or([
        eb("key.restic_key_id", "is not", null),
        eb("key.made_at", "<", addedBy),
      ]),
    )
    .where("key.id", "not in", without)
    .orderBy("key.id")
    .execute();
}

/** Keys that may still be in these repositories, also those of restores that run. */
export async function keysIn(
  trx: Trx,
  repositoryIds: readonly string[],
): Promise<LeftKey[]> {
  const rows = await trx
    .selectFrom("temporary_keys as key")
    .innerJoin("repositories", "repositories.id", "key.repository_id")
    .select(["key.id", "key.restic_key_id", "repositories.name"])
    .where("key.repository_id", "in", repositoryIds)
    .orderBy("repositories.name")
    .orderBy("key.id")
    .execute();
  return rows.map(({ id, restic_key_id, name }) => ({
    repository: name,
    label: labelOf(id),
    key_id: restic_key_id,
  }));
}
