import { sql } from "kysely";
import type { Selectable } from "kysely";
import { defaultMaintenance } from "@restic-manager/shared/domain/maintenance.ts";
import { repoKind } from "@restic-manager/shared/domain/repo-url.ts";
import type {
  HostRepositoryRow,
  RepositoryCredentialRow,
  RepositoryRow,
} from "../../db/schema.ts";
import type { Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

export type RepositoryRecord = Selectable<RepositoryRow> & {
  readonly snapshot_count: number;
};
export type CredentialRecord = Selectable<RepositoryCredentialRow>;

export interface HostRecord {
  readonly id: string;
  readonly name: string;
  readonly x25519: Uint8Array;
  /** It uses a repository. */
  readonly setUp: boolean;
}

export async function findHost(
  db: Db | Trx,
  id: string,
): Promise<HostRecord | null> {
  const row = await db
    .selectFrom("hosts")
    .select(["id", "name", "x25519"])
    .select((eb) =>
      eb
        .exists(
          eb
            .selectFrom("host_repositories")
            .select("repository_id")
            .where("host_id", "=", id),
        )
        .as("set_up"),
    )
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { set_up, ...host } = row;
  return { ...host, setUp: Boolean(set_up) };
}

export async function findRepository(
  db: Db | Trx,
  id: string,
): Promise<RepositoryRecord | null> {
  return (await records(db).where("id", "=", id).executeTakeFirst()) ?? null;
}

/**
 * The repository at an address; `resticId` tells two machines' `/srv/restic` apart. While one of the two was not
 * found by any agent yet, an address that is the same from everywhere is enough.
 */
export async function findRepositoryAt(
  trx: Trx,
  url: string,
  resticId: string | null,
): Promise<RepositoryRecord | null> {
  const rows = await records(trx)
    .where(sql`rtrim(url, '/')`, "=", url.replace(/\/+$/, ""))
    .orderBy("created_at")
    .execute();
  const isShared = repoKind(url) !== "local";
  const same = rows.find((row) => row.restic_id === resticId);
  if (resticId !== null && same !== undefined) return same;
  return (
    rows.find(
      (row) => isShared && (row.restic_id === null || resticId === null),
    ) ?? null
  );
}

/** The repositories of a host, its default first. */
export async function listRepositories(
  db: Db | Trx,
  hostId: string,
): Promise<(RepositoryRecord & { is_default: number })[]> {
  return records(db)
    .innerJoin("host_repositories", "repository_id", "repositories.id")
    .select("is_default")
    .where("host_id", "=", hostId)
    .orderBy("is_default", "desc")
    .orderBy("name")
    .execute();
}

export async function hostsOf(
  db: Db | Trx,
  repositoryId: string,
): Promise<string[]> {
  const rows = await db
    .selectFrom("host_repositories")
    .select("host_id")
    .where("repository_id", "=", repositoryId)
    .orderBy("host_id")
    .execute();
  return rows.map((row) => row.host_id);
}

export async function insertRepository(
  trx: Trx,
  row: {
    id: string;
    name: string;
    url: string;
    by: Initiator;
    at: string;
  },
): Promise<void> {
  await trx
    .insertInto("repositories")
    .values({
      id: row.id,
      name: row.name,
      url: row.url,
      append_only: "no",
      status: "unknown",
      created_by: row.by.kind === "user" ? row.by.id : null,
      created_at: row.at,
      updated_at: row.at,
    })
    .execute();
  // Upkeep as it is offered; forget and prune do nothing before retention and an admin credential are given.
  const { forget, prune, check, ...rest } = defaultMaintenance;
  await trx
    .insertInto("repository_maintenance")
    .values({
      repository_id: row.id,
      forget_cron: forget.cron,
      forget_enabled: 1,
      prune_cron: prune.cron,
      prune_enabled: 1,
      check_cron: check.cron,
      check_enabled: 1,
      ...rest,
      handled: "{}",
      skipped: "{}",
    })
    .execute();
}

export async function renameRepository(
  trx: Trx,
  id: string,
  name: string,
  at: string,
): Promise<void> {
  await trx
    .updateTable("repositories")
    .set({ name, updated_at: at })
    .where("id", "=", id)
    .execute();
}

/** A host's own access was seen not to delete. */
export async function setAppendOnly(trx: Trx, id: string): Promise<void> {
  await trx
    .updateTable("repositories")
    .set({ append_only: "proven" })
    .where("id", "=", id)
    .execute();
}

/** An agent was there: the repository is ready, and has an id of restic's. */
export async function saveFound(
  trx: Trx,
  id: string,
  resticId: string,
  at: string,
): Promise<void> {
  await trx
    .updateTable("repositories")
    .set({ restic_id: resticId })
    .where("id", "=", id)
    .execute();
  const ready = { status: "ready", status_code: null } as const;
  await saveStatus(trx, id, { ...ready, status_message: null, at });
}

/** The first repository of a host is its default. */
export async function linkHost(
  trx: Trx,
  row: Omit<HostRepositoryRow, "is_default">,
): Promise<void> {
  await trx
    .insertInto("host_repositories")
    .values({ ...row, is_default: 1 })
    .execute();
}

/** Takes a repository from a host, with the credential that was the host's own. @returns false when it had it no more. */
export async function unlinkHost(
  trx: Trx,
  hostId: string,
  repositoryId: string,
): Promise<boolean> {
  const result = await trx
    .deleteFrom("host_repositories")
    .where("host_id", "=", hostId)
    .where("repository_id", "=", repositoryId)
    .executeTakeFirst();
  await trx
    .deleteFrom("repository_credentials")
    .where("host_id", "=", hostId)
    .where("repository_id", "=", repositoryId)
    .execute();
  return result.numDeletedRows > 0n;
}

/** Credentials of a repository, the shared one first. */
export async function credentialsOf(
  db: Db | Trx,
  repositoryId: string,
): Promise<CredentialRecord[]> {
  return db
    .selectFrom("repository_credentials")
    .selectAll()
    .where("repository_id", "=", repositoryId)
    .where("kind", "=", "repo")
    .orderBy(sql`host_id is not null`)
    .orderBy("host_id")
    .execute();
}

export async function insertCredential(
  trx: Trx,
  row: CredentialRecord,
): Promise<void> {
  await trx.insertInto("repository_credentials").values(row).execute();
}

/** The access that may delete; null when there is none. */
export async function adminCredentialOf(
  db: Db | Trx,
  repositoryId: string,
): Promise<CredentialRecord | null> {
  const row = await db
    .selectFrom("repository_credentials")
    .selectAll()
    .where("repository_id", "=", repositoryId)
    .where("kind", "=", "admin")
    .executeTakeFirst();
  return row ?? null;
}

/** @returns false when there was none. */
export async function deleteAdminCredential(
  trx: Trx,
  repositoryId: string,
): Promise<boolean> {
  const result = await trx
    .deleteFrom("repository_credentials")
    .where("repository_id", "=", repositoryId)
    .where("kind", "=", "admin")
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

export async function updateCredential(
  trx: Trx,
  id: string,
  sealed: Uint8Array,
  at: string,
): Promise<void> {
  await trx
    .updateTable("repository_credentials")
    .set({ sealed, updated_at: at })
    .where("id", "=", id)
    .execute();
}

/** @returns whether the status is another one than before. */
export async function saveStatus(
  trx: Trx,
  repositoryId: string,
  status: Pick<RepositoryRow, "status" | "status_code" | "status_message"> & {
    at: string;
  },
): Promise<boolean> {
  const { at, ...values } = status;
  const before = await trx
    .selectFrom("repositories")
    .select(["status", "status_code", "status_at"])
    .where("id", "=", repositoryId)
    .executeTakeFirst();
  if (before === undefined || (before.status_at ?? "") > at) return false;
  await trx
    .updateTable("repositories")
    .set({ ...values, status_at: at })
    .where("id", "=", repositoryId)
    .execute();
  return (
    before.status !== status.status || before.status_code !== status.status_code
  );
}

function records(db: Db | Trx) {
  return db
    .selectFrom("repositories")
    .selectAll("repositories")
    .select((eb) =>
      eb
        .selectFrom("snapshots")
        .select((e) => e.fn.countAll<number>().as("n"))
        .whereRef("snapshots.repository_id", "=", "repositories.id")
        .as("snapshot_count"),
    )
    .$castTo<RepositoryRecord>();
}
