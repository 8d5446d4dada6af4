import type { Selectable } from "kysely";
import { maintenanceKinds } from "@restic-manager/shared/domain/job.ts";
import type { JobKind } from "@restic-manager/shared/domain/job.ts";
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

/** A host may speak of a repository that it uses, and of one that it was told to look after; not of one that it restored from. */
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
  const job = await jobsIn(trx, hostId, repositoryId, maintenanceKinds)
    .where("sent_at", "is not", null)
    .executeTakeFirst();
  return job !== undefined;
}

/** A restore may come upon locks that its own host left behind, too. */
export async function mayUnlock(
  trx: Trx,
  hostId: string,
  repositoryId: string,
): Promise<boolean> {
  if (await mayReport(trx, hostId, repositoryId)) return true;
  const job = await jobsIn(trx, hostId, repositoryId, [
    "restore",
  ]).executeTakeFirst();
  return job !== undefined;
}

/** Only the server makes rows of repositories that their host does not use. */
function jobsIn(
  trx: Trx,
  hostId: string,
  repositoryId: string,
  kinds: readonly JobKind[],
) {
  return trx
    .selectFrom("jobs")
    .select("id")
    .where("repository_id", "=", repositoryId)
    .where("kind", "in", kinds)
    .where("host_id", "=", hostId)
    .limit(1);
}

/** Which kinds of upkeep of a repository this server has given to a host; only the server notes when it sent a job. */
export async function upkeepGiven(
  trx: Trx,
  hostId: string,
  repositoryId: string,
): Promise<ReadonlySet<JobKind>> {
  const rows = await trx
    .selectFrom("jobs")
    .select("kind")
    .distinct()
    .where("repository_id", "=", repositoryId)
    .where("kind", "in", maintenanceKinds)
    .where("host_id", "=", hostId)
    .where("sent_at", "is not", null)
    .where((eb) =>
      // The id changes once, with the one job that makes the repository.
      eb.or([
        eb("kind", "<>", "init"),
        eb("finished_at", "is", null),
        eb("status", "=", "lost"),
      ]),
    )
    .execute();
  return new Set(rows.map(({ kind }) => kind));
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
