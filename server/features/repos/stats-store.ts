import type { Selectable } from "kysely";
import type { RepositoryStatsRow } from "../../db/upkeep-rows.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

export type StatsRecord = Selectable<RepositoryStatsRow>;

export async function findStats(
  db: Db | Trx,
  repositoryId: string,
): Promise<StatsRecord | null> {
  const row = await db
    .selectFrom("repository_stats")
    .selectAll()
    .where("repository_id", "=", repositoryId)
    .executeTakeFirst();
  return row ?? null;
}

export async function saveStats(trx: Trx, row: StatsRecord): Promise<void> {
  const { repository_id: _, ...values } = row;
  await trx
    .insertInto("repository_stats")
    .values(row)
    .onConflict((conflict) =>
      conflict.column("repository_id").doUpdateSet(values),
    )
    .execute();
}

/** A host may speak of a repository that it uses, and of one that it was given a job for. */
export async function mayReport(
  trx: Trx,
  hostId: string,
  repositoryId: string,
): Promise<boolean> {
  const link = await trx
    .selectFrom("host_repositories")
    .select("host_id")
    .where("host_id", "=", hostId)
    .where("repository_id", "=", repositoryId)
    .executeTakeFirst();
  if (link !== undefined) return true;
  // Only the server makes rows of repositories that their host does not use.
  const job = await trx
    .selectFrom("jobs")
    .select("id")
    .where("host_id", "=", hostId)
    .where("repository_id", "=", repositoryId)
    .limit(1)
    .executeTakeFirst();
  return job !== undefined;
}

export async function saveResticId(
  trx: Trx,
  repositoryId: string,
  resticId: string,
): Promise<void> {
  await trx
    .updateTable("repositories")
    .set({ restic_id: resticId })
    .where("id", "=", repositoryId)
    .execute();
}
