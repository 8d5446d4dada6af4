import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

export interface FirstUseRecord {
  /** Of the repository. */
  readonly id: string;
  readonly first_use: "existing" | "create";
}

/** Repositories that the agent of a host has to open for the first time. */
export async function listFirstUses(
  db: Db,
  hostId: string,
): Promise<FirstUseRecord[]> {
  return db
    .selectFrom("host_repositories")
    .select("repository_id as id")
    .select("first_use")
    .where("host_id", "=", hostId)
    .where("first_use", "is not", null)
    .$narrowType<{ first_use: FirstUseRecord["first_use"] }>()
    .execute();
}

export async function hostsBeforeFirstUse(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom("host_repositories")
    .select("host_id")
    .distinct()
    .where("first_use", "is not", null)
    .execute();
  return rows.map((row) => row.host_id);
}

/** Another host has opened it: that one host cannot says nothing about the repository then. */
export async function isOpenedByOthers(
  trx: Trx,
  hostId: string,
  repositoryId: string,
): Promise<boolean> {
  const row = await trx
    .selectFrom("host_repositories")
    .select("host_id")
    .where("repository_id", "=", repositoryId)
    .where("host_id", "<>", hostId)
    .where("first_use", "is", null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

export async function endFirstUse(
  trx: Trx,
  hostId: string,
  repositoryId: string,
): Promise<void> {
  await trx
    .updateTable("host_repositories")
    .set({ first_use: null })
    .where("host_id", "=", hostId)
    .where("repository_id", "=", repositoryId)
    .execute();
}
