import type { Trx } from "../../ports/transaction.ts";

/** Repositories that this host uses and no other one. */
export async function repositoriesOnlyOf(
  trx: Trx,
  hostId: string,
): Promise<{ id: string; name: string }[]> {
  return trx
    .selectFrom("host_repositories as used")
    .innerJoin("repositories", "repositories.id", "used.repository_id")
    .select(["repositories.id", "repositories.name"])
    .where("used.host_id", "=", hostId)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("host_repositories as other")
            .select("other.host_id")
            .whereRef("other.repository_id", "=", "used.repository_id")
            .where("other.host_id", "<>", hostId),
        ),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("source_groups")
            .select("source_groups.id")
            .whereRef("source_groups.repository_id", "=", "used.repository_id")
            .where("source_groups.host_id", "<>", hostId),
        ),
      ),
    )
    .orderBy("repositories.name")
    .execute();
}

/** Takes repositories off the list, with their credentials and snapshots. What they hold is not touched. */
export async function dropRepositories(
  trx: Trx,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  await trx.deleteFrom("repositories").where("id", "in", ids).execute();
}

/**
 * Turns off what needs the access that may delete where this host was chosen to do it: it must not pass to hosts that
 * use the repository, which may have been kept from it on purpose.
 */
export async function stopUpkeepBy(
  trx: Trx,
  hostId: string,
): Promise<{ id: string; name: string }[]> {
  const left = await trx
    .selectFrom("repository_maintenance")
    .innerJoin("repositories", "repositories.id", "repository_id")
    .select(["repositories.id", "repositories.name"])
    .where("runner_host_id", "=", hostId)
    .orderBy("repositories.name")
    .execute();
  await trx
    .updateTable("repository_maintenance")
    .set({ forget_enabled: 0, prune_enabled: 0 })
    .where("runner_host_id", "=", hostId)
    .execute();
  return left;
}
