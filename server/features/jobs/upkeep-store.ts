import { maintenanceKinds } from "@restic-manager/shared/domain/job.ts";
import { sql } from "kysely";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";
import type { StoredJob } from "./store.ts";

/**
 * The repository of jobs that are looked for among the unfinished ones, which are few: the plus keeps SQLite from going
 * through a year of jobs of a repository that many hosts use.
 */
const repositoryOfFew = sql<string | null>`+jobs.repository_id`;

/** Upkeep that waits for its turn, in the order in which it was asked for. */
export async function waitingUpkeep(
  db: Db,
): Promise<{ id: string; repository_id: string | null }[]> {
  return db
    .selectFrom("jobs")
    .select(["id", "repository_id"])
    .where("status", "=", "queued")
    .where("kind", "in", maintenanceKinds)
    .where("finished_at", "is", null)
    .orderBy("queued_at")
    .orderBy("id")
    .execute();
}

/**
 * Jobs that hosts do with the repository of this one. A host that is away holds nobody up: whether its restic still
 * runs is known to the repository's own locks alone.
 */
export async function jobsBefore(
  trx: Trx,
  { id, repository_id }: StoredJob,
): Promise<Pick<StoredJob, "id" | "kind">[]> {
  return trx
    .selectFrom("jobs")
    .innerJoin("hosts", "hosts.id", "jobs.host_id")
    .select(["jobs.id", "jobs.kind"])
    .where(repositoryOfFew, "=", repository_id)
    .where("jobs.finished_at", "is", null)
    .where("jobs.status", "in", ["sent", "running"])
    .where("hosts.status", "=", "online")
    .where("jobs.id", "<>", id)
    .execute();
}

export async function unfinishedUpkeep(
  trx: Trx,
  repositoryId: string,
): Promise<Pick<StoredJob, "id" | "kind" | "status" | "params">[]> {
  return trx
    .selectFrom("jobs")
    .select(["id", "kind", "status", "params"])
    .where(repositoryOfFew, "=", repositoryId)
    .where("kind", "in", maintenanceKinds)
    .where("finished_at", "is", null)
    .orderBy("queued_at")
    .execute();
}

/** Whom a command to a host is for, and which of its configurations the host should have; null when it is gone. */
export async function findRecipient(
  trx: Trx,
  hostId: string,
): Promise<{ id: string; x25519: Uint8Array; cfg_rev: number } | null> {
  const row = await trx
    .selectFrom("hosts")
    .select(["id", "x25519", "cfg_rev"])
    .where("id", "=", hostId)
    .executeTakeFirst();
  return row ?? null;
}

/** Puts a job that did not reach its host back; what the host reported meanwhile stays. */
export async function requeue(trx: Trx, id: string): Promise<void> {
  await trx
    .updateTable("jobs")
    .set({ status: "queued", sent_at: null })
    .where("id", "=", id)
    .where("status", "=", "sent")
    .execute();
}
