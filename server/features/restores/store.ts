import type { RestoreRequest } from "@restic-manager/shared/api/restores.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

export interface SnapshotRecord {
  readonly id: string;
  readonly shortId: string;
  /** Whose it is; null when none of our hosts made it. */
  readonly hostId: string | null;
  readonly hostname: string;
  readonly repositoryUrl: string;
}

/** A snapshot as the last list of its repository had it; null when there is no such repository. */
export async function findSnapshot(
  db: Db | Trx,
  repositoryId: string,
  snapshotId: string,
): Promise<SnapshotRecord | "forgotten" | null> {
  const row = await db
    .selectFrom("repositories")
    .leftJoin("snapshots", (join) =>
      join
        .onRef("snapshots.repository_id", "=", "repositories.id")
        .on("snapshots.snapshot_id", "=", snapshotId),
    )
    .select([
      "repositories.url",
      "snapshots.snapshot_id",
      "snapshots.short_id",
      "snapshots.host_id",
      "snapshots.hostname",
    ])
    .where("repositories.id", "=", repositoryId)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { snapshot_id, short_id, hostname } = row;
  if (snapshot_id === null || short_id === null || hostname === null)
    return "forgotten";
  return {
    id: snapshot_id,
    shortId: short_id,
    hostId: row.host_id,
    hostname,
    repositoryUrl: row.url,
  };
}

export interface HostRecord {
  readonly id: string;
  readonly name: string;
  readonly os: string;
  readonly x25519: Uint8Array;
  readonly cfg_rev: number;
  readonly usesRepository: boolean;
}

export async function findHost(
  db: Db | Trx,
  hostId: string,
  repositoryId: string,
): Promise<HostRecord | null> {
  const row = await db
    .selectFrom("hosts")
    .leftJoin("host_repositories as use", (join) =>
      join
        .onRef("use.host_id", "=", "hosts.id")
        .on("use.repository_id", "=", repositoryId),
    )
    .select(["id", "name", "os", "x25519", "cfg_rev"])
    .select("use.repository_id as uses")
    .where("id", "=", hostId)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { uses, ...host } = row;
  return { ...host, usesRepository: uses !== null };
}

/** Hosts that use a repository: whose snapshot it is first, then those that are always on. */
export async function usersOf(
  db: Db | Trx,
  repositoryId: string,
  makerId: string | null,
): Promise<string[]> {
  const rows = await db
    .selectFrom("host_repositories")
    .innerJoin("hosts", "hosts.id", "host_repositories.host_id")
    .select("hosts.id")
    .where("repository_id", "=", repositoryId)
    .orderBy((eb) => eb("hosts.id", "=", makerId), "desc")
    .orderBy("always_on", "desc")
    .orderBy("name")
    .execute();
  return rows.map(({ id }) => id);
}

export async function insertRestore(
  trx: Trx,
  job: {
    id: string;
    hostId: string;
    userId: string | null;
    at: string;
    request: RestoreRequest;
  },
): Promise<void> {
  await trx
    .insertInto("jobs")
    .values({
      id: job.id,
      host_id: job.hostId,
      kind: "restore",
      status: "queued",
      actor_kind: "user",
      actor_id: job.userId,
      repository_id: job.request.repository_id,
      params: JSON.stringify(job.request),
      queued_at: job.at,
    })
    .execute();
}
