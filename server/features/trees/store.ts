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

/** As it is, whoever told it. */
export async function findRow(
  trx: Trx,
  repositoryId: string,
  snapshotId: string,
): Promise<IndexRecord | null> {
  const row = await trx
    .selectFrom("snapshot_trees")
    .selectAll()
    .where("repository_id", "=", repositoryId)
    .where("snapshot_id", "=", snapshotId)
    .executeTakeFirst();
  return row ?? null;
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
  more: { received: number; trees: number; bytes: number; at: string },
): Promise<void> {
  await trx
    .updateTable("snapshot_trees")
    .set((eb) => ({
      trees_received: eb("trees_received", "+", more.received),
      stored_trees: eb("stored_trees", "+", more.trees),
      stored_bytes: eb("stored_bytes", "+", more.bytes),
      updated_at: more.at,
    }))
    .where("repository_id", "=", repositoryId)
    .where("snapshot_id", "=", snapshotId)
    .execute();
}

/** Only as long as this host tells it. */
export async function finishIndex(
  trx: Trx,
  hostId: string,
  index: Pick<
    IndexRecord,
    "repository_id" | "snapshot_id" | "root" | "files" | "bytes" | "updated_at"
  >,
): Promise<void> {
  const { repository_id, snapshot_id, ...change } = index;
  await trx
    .updateTable("snapshot_trees")
    .set({ ...change, state: "ready", message: null })
    .where("repository_id", "=", repository_id)
    .where("snapshot_id", "=", snapshot_id)
    .where("state", "=", "indexing")
    .where("host_id", "=", hostId)
    .execute();
}

/** Says why an index that is on its way does not come. */
export async function failIndex(
  trx: Trx,
  repositoryId: string,
  snapshotId: string,
  message: string,
  at: string,
): Promise<void> {
  await trx
    .updateTable("snapshot_trees")
    .set({ state: "failed", message, updated_at: at })
    .where("repository_id", "=", repositoryId)
    .where("snapshot_id", "=", snapshotId)
    .where("state", "=", "indexing")
    .execute();
}

/** @returns false when it is no longer the index that had this root. */
export async function loseIndex(
  trx: Trx,
  repositoryId: string,
  snapshotId: string,
  root: string,
  message: string,
  at: string,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable("snapshot_trees")
    .set({ state: "failed", root: null, message, updated_at: at })
    .where("repository_id", "=", repositoryId)
    .where("snapshot_id", "=", snapshotId)
    .where("state", "=", "ready")
    .where("root", "=", root)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Packed bytes of what came from a host and was not stored before. */
export async function storedBytes(trx: Trx, hostId: string): Promise<number> {
  const { bytes } = await trx
    .selectFrom("snapshot_trees")
    .select(sql<number>`coalesce(sum(stored_bytes), 0)`.as("bytes"))
    .where("host_id", "=", hostId)
    .executeTakeFirstOrThrow();
  return bytes;
}

/** Indexes of a host that it has not told to their end, or whose snapshots are not listed. */
export async function countOpen(trx: Trx, hostId: string): Promise<number> {
  const { n } = await trx
    .selectFrom("snapshot_trees as told")
    .leftJoin("snapshots", (join) =>
      join
        .onRef("snapshots.repository_id", "=", "told.repository_id")
        .onRef("snapshots.snapshot_id", "=", "told.snapshot_id"),
    )
    .select((eb) => eb.fn.countAll<number>().as("n"))
    .where("told.host_id", "=", hostId)
    .where((eb) =>
      eb.or([
        eb("told.state", "<>", "ready"),
        eb("snapshots.snapshot_id", "is", null),
      ]),
    )
    .executeTakeFirstOrThrow();
  return n;
}

/** @returns how many of them were not stored before, and their bytes. */
export async function insertTrees(
  trx: Trx,
  repositoryId: string,
  trees: readonly { id: string; packed: Uint8Array }[],
): Promise<{ trees: number; bytes: number }> {
  if (trees.length === 0) return { trees: 0, bytes: 0 };
  const rows = await trx
    .insertInto("trees")
    .values(trees.map((tree) => ({ ...tree, repository_id: repositoryId })))
    .onConflict((conflict) => conflict.doNothing())
    .returning(sql<number>`length(packed)`.as("bytes"))
    .execute();
  return {
    trees: rows.length,
    bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0),
  };
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

/** Null when there is no such repository. */
export async function sizeOf(db: Db, repositoryId: string) {
  const row = await db
    .selectFrom("repositories")
    .leftJoin("snapshot_trees as told", "told.repository_id", "repositories.id")
    .select([
      sql<number>`count(CASE told.state WHEN 'ready' THEN 1 END)`.as(
        "snapshots_indexed",
      ),
      sql<number>`coalesce(sum(told.stored_trees), 0)`.as("trees"),
      sql<number>`coalesce(sum(told.stored_bytes), 0)`.as("bytes"),
    ])
    .where("repositories.id", "=", repositoryId)
    .groupBy("repositories.id")
    .executeTakeFirst();
  return row ?? null;
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
