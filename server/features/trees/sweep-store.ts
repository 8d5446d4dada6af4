import { sql } from "kysely";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

/** Of one snapshot: what it alone, or first of all, needs. */
export interface Needs {
  trees: number;
  bytes: number;
}

/**
 * Indexes that nobody misses: of snapshots that are not listed, though their repository's list came after them and they
 * are not new; and those that nobody has gone on with.
 */
export async function uselessIndexes(
  db: Db,
  before: { unlisted: string; idle: string },
) {
  return db
    .selectFrom("snapshot_trees as told")
    .innerJoin("repositories", "repositories.id", "told.repository_id")
    .leftJoin("snapshots", (join) =>
      join
        .onRef("snapshots.repository_id", "=", "told.repository_id")
        .onRef("snapshots.snapshot_id", "=", "told.snapshot_id"),
    )
    .select(["told.repository_id", "told.snapshot_id"])
    .where((eb) =>
      eb.or([
        eb.and([
          eb("snapshots.snapshot_id", "is", null),
          eb("told.updated_at", "<", before.unlisted),
          // A backup whose list never came leaves its index for the list of the next one.
          eb(
            "repositories.snapshots_refreshed_at",
            ">",
            eb.ref("told.updated_at"),
          ),
        ]),
        eb.and([
          eb("told.state", "<>", "ready"),
          eb("told.updated_at", "<", before.idle),
        ]),
      ]),
    )
    .execute();
}

export async function isIndexing(
  db: Db,
  repositoryId: string,
  since: string,
): Promise<boolean> {
  const row = await db
    .selectFrom("snapshot_trees")
    .select("snapshot_id")
    .where("repository_id", "=", repositoryId)
    .where("state", "=", "indexing")
    .where("updated_at", ">", since)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** From then on nobody reads these, nor whatever is on its way, or goes on with them. Null: all of the repository's. */
export async function giveUpIndexes(
  trx: Trx,
  repositoryId: string,
  snapshotIds: readonly string[] | null,
): Promise<void> {
  const all = trx
    .updateTable("snapshot_trees")
    .set({ state: "failed", root: null, message: null })
    .where("repository_id", "=", repositoryId);
  await (
    snapshotIds === null
      ? all
      : all.where((eb) =>
          eb.or([
            eb("state", "=", "indexing"),
            sql<boolean>`snapshot_id IN (SELECT value FROM json_each(${JSON.stringify(snapshotIds)}))`,
          ]),
        )
  ).execute();
}

/** Those that were given up. */
export async function dropIndexes(
  trx: Trx,
  repositoryId: string,
): Promise<void> {
  await trx
    .deleteFrom("snapshot_trees")
    .where("repository_id", "=", repositoryId)
    .where("state", "=", "failed")
    .execute();
}

/** The oldest first. */
export async function readyIndexes(db: Db, repositoryId: string) {
  const rows = await db
    .selectFrom("snapshot_trees")
    .select(["snapshot_id", "root"])
    .where("repository_id", "=", repositoryId)
    .where("state", "=", "ready")
    .orderBy("updated_at")
    .orderBy("snapshot_id")
    .execute();
  return rows.flatMap(({ snapshot_id, root }) =>
    root === null ? [] : [{ snapshot_id, root }],
  );
}

export async function saveNeeds(
  trx: Trx,
  repositoryId: string,
  needs: ReadonlyMap<string, Needs>,
): Promise<void> {
  const rows = [...needs].map(([id, { trees, bytes }]) => [id, trees, bytes]);
  await sql`UPDATE snapshot_trees SET stored_trees = needs.value ->> 1, stored_bytes = needs.value ->> 2
    FROM json_each(${JSON.stringify(rows)}) AS needs
    WHERE repository_id = ${repositoryId} AND snapshot_id = needs.value ->> 0`.execute(
    trx,
  );
}

/** By id. */
export async function treesAfter(
  db: Db,
  repositoryId: string,
  after: string,
  limit: number,
): Promise<{ id: string; bytes: number }[]> {
  return db
    .selectFrom("trees")
    .select(["id", sql<number>`length(packed)`.as("bytes")])
    .where("repository_id", "=", repositoryId)
    .where("id", ">", after)
    .orderBy("id")
    .limit(limit)
    .execute();
}

export async function dropTrees(
  trx: Trx,
  repositoryId: string,
  ids: readonly string[],
): Promise<void> {
  await trx
    .deleteFrom("trees")
    .where("repository_id", "=", repositoryId)
    .where(
      sql<boolean>`id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`,
    )
    .execute();
}

/** @returns how many were there. */
export async function dropSomeTrees(
  trx: Trx,
  repositoryId: string,
  limit: number,
): Promise<number> {
  const result =
    await sql`DELETE FROM trees WHERE repository_id = ${repositoryId}
    AND id IN (SELECT id FROM trees WHERE repository_id = ${repositoryId} LIMIT ${limit})`.execute(
      trx,
    );
  return Number(result.numAffectedRows ?? 0n);
}
