import { sql } from "kysely";
import type { Selectable } from "kysely";
import type { SnapshotTreeRow } from "../../db/recovery-rows.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

export type IndexRecord = Selectable<SnapshotTreeRow>;

/** What decides whether a host may tell what is in a snapshot. */
export async function findSource(
  db: Db | Trx,
  hostId: string,
  repositoryId: string,
  snapshotId: string,
) {
  return db
    .selectFrom("host_repositories as use")
    .innerJoin("repositories", "repositories.id", "use.repository_id")
    .innerJoin("hosts", "hosts.id", "use.host_id")
    .leftJoin("snapshots", (join) =>
      join
        .onRef("snapshots.repository_id", "=", "use.repository_id")
        .on("snapshots.snapshot_id", "=", snapshotId),
    )
    .select([
      "repositories.index_generation as generation",
      "hosts.index_enabled as enabled",
      "snapshots.host_id as owner",
    ])
    .where("use.host_id", "=", hostId)
    .where("use.repository_id", "=", repositoryId)
    .executeTakeFirst();
}

/** Null also when it was told unasked and turned out, once the repository was listed, to be another host's snapshot. */
export async function findIndex(
  db: Db | Trx,
  repositoryId: string,
  snapshotId: string,
): Promise<IndexRecord | null> {
  const row = await db
    .selectFrom("snapshot_trees as told")
    .leftJoin("snapshots", (join) =>
      join
        .onRef("snapshots.repository_id", "=", "told.repository_id")
        .onRef("snapshots.snapshot_id", "=", "told.snapshot_id"),
    )
    .selectAll("told")
    .where("told.repository_id", "=", repositoryId)
    .where("told.snapshot_id", "=", snapshotId)
    .where((eb) =>
      eb.or([
        eb("told.asked", "=", 1),
        eb("snapshots.host_id", "is", null),
        eb("snapshots.host_id", "=", eb.ref("told.host_id")),
      ]),
    )
    .executeTakeFirst();
  return row ?? null;
}

/** The repository's own snapshot; null when it is not listed. */
export async function findSnapshot(
  db: Db,
  repositoryId: string,
  snapshotId: string,
): Promise<{ host_id: string | null } | null> {
  const row = await db
    .selectFrom("snapshots")
    .select("host_id")
    .where("repository_id", "=", repositoryId)
    .where("snapshot_id", "=", snapshotId)
    .executeTakeFirst();
  return row ?? null;
}

/** Says how far a snapshot is, whatever was known before. */
export async function saveIndex(
  trx: Trx,
  row: Pick<IndexRecord, "repository_id" | "snapshot_id" | "state"> &
    Partial<IndexRecord> & { updated_at: string },
): Promise<void> {
  const { repository_id: _r, snapshot_id: _s, ...change } = row;
  await trx
    .insertInto("snapshot_trees")
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(["repository_id", "snapshot_id"]).doUpdateSet(change),
    )
    .execute();
}

export async function countReceived(
  trx: Trx,
  repositoryId: string,
  snapshotId: string,
  trees: number,
  at: string,
): Promise<void> {
  await trx
    .updateTable("snapshot_trees")
    .set((eb) => ({
      trees_received: eb("trees_received", "+", trees),
      updated_at: at,
    }))
    .where("repository_id", "=", repositoryId)
    .where("snapshot_id", "=", snapshotId)
    .execute();
}

export async function insertTrees(
  trx: Trx,
  repositoryId: string,
  trees: readonly { id: string; packed: Uint8Array }[],
): Promise<void> {
  await trx
    .insertInto("trees")
    .values(trees.map((tree) => ({ ...tree, repository_id: repositoryId })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Which of these trees are stored. */
export async function knownTrees(
  db: Db | Trx,
  repositoryId: string,
  ids: readonly string[],
): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .selectFrom("trees")
    .select("id")
    .where("repository_id", "=", repositoryId)
    .where(
      sql<boolean>`id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`,
    )
    .execute();
  return new Set(rows.map((row) => row.id));
}

export async function readTree(
  db: Db,
  repositoryId: string,
  id: string,
): Promise<Uint8Array | null> {
  const row = await db
    .selectFrom("trees")
    .select("packed")
    .where("repository_id", "=", repositoryId)
    .where("id", "=", id)
    .executeTakeFirst();
  return row?.packed ?? null;
}

export async function setGeneration(
  trx: Trx,
  repositoryId: string,
  generation: string,
): Promise<void> {
  await trx
    .updateTable("repositories")
    .set({ index_generation: generation })
    .where("id", "=", repositoryId)
    .execute();
}

export async function sizeOf(db: Db, repositoryId: string) {
  const indexed = await db
    .selectFrom("snapshot_trees")
    .select((eb) => eb.fn.countAll<number>().as("n"))
    .where("repository_id", "=", repositoryId)
    .where("state", "=", "ready")
    .executeTakeFirstOrThrow();
  const trees = await db
    .selectFrom("trees")
    .select((eb) => [
      eb.fn.countAll<number>().as("n"),
      sql<number>`coalesce(sum(length(packed)), 0)`.as("bytes"),
    ])
    .where("repository_id", "=", repositoryId)
    .executeTakeFirstOrThrow();
  return {
    snapshots_indexed: indexed.n,
    trees: trees.n,
    bytes: trees.bytes,
  };
}

export async function dropIndexes(
  trx: Trx,
  repositoryId: string,
): Promise<void> {
  await trx
    .deleteFrom("snapshot_trees")
    .where("repository_id", "=", repositoryId)
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

/** Indexes of snapshots that are not listed, though their repository's list came long after them. */
export async function forgottenIndexes(db: Db, before: string) {
  return db
    .selectFrom("snapshot_trees")
    .leftJoin("snapshots", (join) =>
      join
        .onRef("snapshots.repository_id", "=", "snapshot_trees.repository_id")
        .onRef("snapshots.snapshot_id", "=", "snapshot_trees.snapshot_id"),
    )
    .select(["snapshot_trees.repository_id", "snapshot_trees.snapshot_id"])
    .where("snapshots.snapshot_id", "is", null)
    .where("snapshot_trees.updated_at", "<", before)
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

export async function dropIndex(
  trx: Trx,
  repositoryId: string,
  snapshotId: string,
): Promise<void> {
  await trx
    .deleteFrom("snapshot_trees")
    .where("repository_id", "=", repositoryId)
    .where("snapshot_id", "=", snapshotId)
    .execute();
}

export async function rootsOf(db: Db, repositoryId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("snapshot_trees")
    .select("root")
    .where("repository_id", "=", repositoryId)
    .where("root", "is not", null)
    .execute();
  return rows.flatMap(({ root }) => (root === null ? [] : [root]));
}

export async function treeIdsAfter(
  db: Db,
  repositoryId: string,
  after: string,
  limit: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom("trees")
    .select("id")
    .where("repository_id", "=", repositoryId)
    .where("id", ">", after)
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map((row) => row.id);
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
