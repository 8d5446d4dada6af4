import { sql } from "kysely";
import type { Insertable, Selectable } from "kysely";
import type { SnapshotPart } from "@restic-manager/shared/protocol/event.ts";
import type { SnapshotRow } from "../../db/schema.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

/** SQLite binds at most 32,766 values to a statement. */
const rowsPerInsert = 1000;

export type StoredSnapshot = Selectable<SnapshotRow>;

/** Where a page ended: the last snapshot on it. */
export interface SnapshotCursor {
  readonly time: string;
  readonly snapshotId: string;
}

export async function stagePart(
  trx: Trx,
  hostId: string,
  part: SnapshotPart,
  at: string,
): Promise<void> {
  await trx
    .insertInto("snapshot_parts")
    .values({
      host_id: hostId,
      repository_id: part.repository_id,
      rev: part.rev,
      part: part.part,
      of: part.of,
      payload: JSON.stringify(part.snapshots),
      received_at: at,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Forgets lists that a host began to send and others have overtaken: of one repository few are under way at a time. */
export async function dropAbandoned(
  trx: Trx,
  hostId: string,
  repositoryId: string,
  kept: number,
): Promise<void> {
  const abandoned = await trx
    .selectFrom("snapshot_parts")
    .select("rev")
    .where("host_id", "=", hostId)
    .where("repository_id", "=", repositoryId)
    .groupBy("rev")
    .orderBy((eb) => eb.fn.max("received_at"), "desc")
    .orderBy("rev", "desc")
    .limit(-1)
    .offset(kept)
    .execute();
  for (const { rev } of abandoned)
    await trx
      .deleteFrom("snapshot_parts")
      .where("host_id", "=", hostId)
      .where("repository_id", "=", repositoryId)
      .where("rev", "=", rev)
      .execute();
}

export async function countParts(
  trx: Trx,
  hostId: string,
  { repository_id, rev }: SnapshotPart,
): Promise<number> {
  const { count } = await trx
    .selectFrom("snapshot_parts")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("host_id", "=", hostId)
    .where("repository_id", "=", repository_id)
    .where("rev", "=", rev)
    .executeTakeFirstOrThrow();
  return count;
}

/** JSON texts of the parts of one list that are here, in order. */
export async function stagedParts(
  trx: Trx,
  hostId: string,
  repositoryId: string,
  rev: string,
): Promise<string[]> {
  const rows = await trx
    .selectFrom("snapshot_parts")
    .select("payload")
    .where("host_id", "=", hostId)
    .where("repository_id", "=", repositoryId)
    .where("rev", "=", rev)
    .orderBy("part")
    .execute();
  return rows.map((row) => row.payload);
}

/** Forgets parts of this list and of every older one, whoever sent them. */
export async function dropParts(
  trx: Trx,
  repositoryId: string,
  upTo: string,
): Promise<void> {
  await trx
    .deleteFrom("snapshot_parts")
    .where("repository_id", "=", repositoryId)
    .where("rev", "<=", upTo)
    .execute();
}

/** What is known by now of who made a snapshot. */
export interface KnownMaker {
  readonly hostId: string | null;
  readonly isShared: boolean;
  /** Hosts whose backups reported that they made it. */
  readonly told: readonly string[];
}

export async function knownMakers(
  trx: Trx,
  repositoryId: string,
): Promise<Map<string, KnownMaker>> {
  const rows = await trx
    .selectFrom("snapshots")
    .leftJoin("jobs", (join) =>
      join
        .onRef("jobs.snapshot_id", "=", "snapshots.snapshot_id")
        .onRef("jobs.repository_id", "=", "snapshots.repository_id")
        .on("jobs.kind", "=", "backup"),
    )
    .select([
      "snapshots.snapshot_id as id",
      "snapshots.host_id",
      "snapshots.shared_name",
      "jobs.host_id as told",
    ])
    .where("snapshots.repository_id", "=", repositoryId)
    .execute();
  const makers = new Map<string, KnownMaker>();
  for (const { id, host_id, shared_name, told } of rows) {
    const before = makers.get(id)?.told ?? [];
    makers.set(id, {
      hostId: host_id,
      isShared: shared_name === 1,
      told: told === null ? before : [...before, told],
    });
  }
  return makers;
}

/** By what restic tells snapshots of source groups apart: it compares both as they are, and two hosts may be called alike. */
export function nameOf(of: {
  readonly hostname: string;
  readonly tag: string;
}): string {
  return JSON.stringify([of.hostname, of.tag]);
}

/**
 * By what the hosts of a repository mark their snapshots: what the machine calls itself, and the group's name as tag.
 * A host that has not opened it yet may mean another one at the same address.
 */
export async function snapshotMarks(
  trx: Trx,
  repositoryId: string,
): Promise<{ host_id: string; hostname: string; tag: string }[]> {
  return trx
    .selectFrom("host_repositories")
    .innerJoin("hosts", "hosts.id", "host_repositories.host_id")
    .innerJoin("source_groups", "source_groups.host_id", "hosts.id")
    .select([
      "hosts.id as host_id",
      "hosts.hostname",
      "source_groups.name as tag",
    ])
    .where("host_repositories.repository_id", "=", repositoryId)
    .where("host_repositories.first_use", "is", null)
    .execute();
}

export async function replaceSnapshots(
  trx: Trx,
  list: {
    repositoryId: string;
    rev: string;
    at: string;
    rows: readonly Insertable<SnapshotRow>[];
  },
): Promise<void> {
  await trx
    .deleteFrom("snapshots")
    .where("repository_id", "=", list.repositoryId)
    .execute();
  for (let i = 0; i < list.rows.length; i += rowsPerInsert) {
    await trx
      .insertInto("snapshots")
      .values(list.rows.slice(i, i + rowsPerInsert))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  await trx
    .updateTable("repositories")
    .set({ snapshots_rev: list.rev, snapshots_refreshed_at: list.at })
    .where("id", "=", list.repositoryId)
    .execute();
}

/** Snapshots of a host's repositories, newest first. */
export async function pageOfSnapshots(
  db: Db,
  hostId: string,
  after: SnapshotCursor | null,
  limit: number,
): Promise<StoredSnapshot[]> {
  let query = ofHost(db, hostId)
    .selectAll("snapshots")
    .orderBy("time", "desc")
    .orderBy("snapshot_id", "desc")
    .limit(limit);
  if (after !== null) {
    query = query.where(
      sql<boolean>`(time, snapshot_id) < (${after.time}, ${after.snapshotId})`,
    );
  }
  return query.execute();
}

export async function countSnapshots(db: Db, hostId: string): Promise<number> {
  const row = await ofHost(db, hostId)
    .select((eb) => eb.fn.countAll<number>().as("n"))
    .executeTakeFirstOrThrow();
  return row.n;
}

/** When the oldest of the lists of a host's repositories was made; null before the first. */
export async function refreshedAt(
  db: Db,
  hostId: string,
): Promise<string | null> {
  const row = await db
    .selectFrom("host_repositories")
    .innerJoin("repositories", "repositories.id", "repository_id")
    .select((eb) => eb.fn.min("snapshots_refreshed_at").as("at"))
    .where("host_id", "=", hostId)
    .executeTakeFirst();
  return row?.at ?? null;
}

function ofHost(db: Db, hostId: string) {
  return db
    .selectFrom("snapshots")
    .innerJoin(
      "host_repositories",
      "host_repositories.repository_id",
      "snapshots.repository_id",
    )
    .where("host_repositories.host_id", "=", hostId);
}
