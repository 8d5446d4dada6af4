import { sql } from "kysely";
import type { jobQuery } from "@restic-manager/shared/api/jobs.ts";
import type { Insertable, Selectable, Updateable } from "kysely";
import type { JobState } from "@restic-manager/shared/domain/job.ts";
import type { z } from "zod";
import type { JobRow } from "../../db/schema.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

export type StoredJob = Selectable<JobRow>;

/** A job with the names of what it is about. */
export type JobRecord = StoredJob & {
  readonly host_name: string;
  readonly actor_name: string | null;
  readonly source_group_name: string | null;
  readonly repository_name: string | null;
  /** Number of the last log line that is here. */
  readonly last_line: number | null;
};

export async function findJob(
  db: Db | Trx,
  id: string,
): Promise<StoredJob | null> {
  const row = await db
    .selectFrom("jobs")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  return row ?? null;
}

export async function readJob(
  db: Db | Trx,
  id: string,
): Promise<JobRecord | null> {
  return (
    (await records(db).where("jobs.id", "=", id).executeTakeFirst()) ?? null
  );
}

export type JobFilter = z.output<typeof jobQuery>;

const unfinished: readonly JobState[] = ["queued", "sent", "running"];

/** Jobs by id, newest first; those before `cursor` when it is given. The page is chosen before anything is joined to it. */
export async function listJobs(
  db: Db,
  filter: JobFilter,
): Promise<JobRecord[]> {
  const { state, from, to, cursor, limit } = filter;
  const states = state === "running" ? unfinished : state && [state];
  let page = db.selectFrom("jobs as j").select("j.id");
  for (const [column, value] of [
    ["j.host_id", filter.host_id],
    ["j.kind", filter.kind],
    ["j.actor_kind", filter.actor],
    ["j.repository_id", filter.repository_id],
    ["j.source_group_id", filter.source_group_id],
  ] as const)
    if (value !== undefined) page = page.where(column, "=", value);
  if (states !== undefined) page = page.where("j.status", "in", states);
  if (from !== undefined) page = page.where("j.queued_at", ">=", from);
  if (to !== undefined) page = page.where("j.queued_at", "<", to);
  if (cursor !== undefined) page = page.where("j.id", "<", cursor);
  return records(db)
    .where("jobs.id", "in", page.orderBy("j.id", "desc").limit(limit))
    .orderBy("jobs.id", "desc")
    .execute();
}

/**
 * Unfinished jobs of a host that it was given, but for those given between two instants: after the second, by a clock that
 * was wrong. Upkeep that waits for its repository was not given to anybody.
 */
export async function openJobs(
  db: Db,
  hostId: string,
  { from, to }: { from: string; to: string },
): Promise<string[]> {
  const rows = await db
    .selectFrom("jobs")
    .select("id")
    .where("host_id", "=", hostId)
    .where(isGiven)
    .where((eb) => eb.or([eb(given, "<", from), eb(given, ">", to)]))
    .execute();
  return rows.map((row) => row.id);
}

const given = sql<string>`coalesce(sent_at, queued_at)`;

const isGiven = sql<boolean>`(finished_at IS NULL
  AND (kind IN ('backup', 'restore') OR jobs.status <> 'queued' OR sent_at IS NOT NULL))`;

/** Unfinished jobs given to hosts that are away and were last heard of before an instant. */
export async function jobsOfSilent(db: Db, before: string): Promise<string[]> {
  const rows = await db
    .selectFrom("jobs")
    .innerJoin("hosts", "hosts.id", "jobs.host_id")
    .select("jobs.id")
    .where(isGiven)
    .where("hosts.status", "=", "offline")
    .where(sql`coalesce(hosts.last_seen_at, hosts.approved_at)`, "<", before)
    .execute();
  return rows.map((row) => row.id);
}

/** Those of the named jobs of a host that were given up because it was silent. */
export async function givenUp(
  db: Db,
  hostId: string,
  ids: readonly string[],
): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom("jobs")
    .select("id")
    .where("id", "in", ids)
    .where("host_id", "=", hostId)
    .where("status", "=", "lost")
    .where("error_code", "=", "host_silent")
    .execute();
  return rows.map((row) => row.id);
}

export async function insertJob(
  trx: Trx,
  row: Insertable<JobRow>,
): Promise<void> {
  await trx.insertInto("jobs").values(row).execute();
}

export async function updateJob(
  trx: Trx,
  id: string,
  change: Updateable<JobRow>,
): Promise<void> {
  await trx.updateTable("jobs").set(change).where("id", "=", id).execute();
}

/** @returns false when the job has gone on meanwhile and stays. */
export async function deleteQueued(trx: Trx, id: string): Promise<boolean> {
  const result = await trx
    .deleteFrom("jobs")
    .where("id", "=", id)
    .where("status", "=", "queued")
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

export interface References {
  readonly schedule_id: string | null;
  readonly source_group_id: string | null;
  readonly repository_id: string | null;
}

/** The same references without those that are gone or are not this host's: an agent may run by an old configuration. */
export async function keepOwn(
  trx: Trx,
  hostId: string,
  named: References,
): Promise<References> {
  const own = async (
    table: "schedules" | "source_groups",
    id: string | null,
  ) => {
    if (id === null) return null;
    const row = await trx
      .selectFrom(table)
      .select("id")
      .where("id", "=", id)
      .where("host_id", "=", hostId)
      .executeTakeFirst();
    return row?.id ?? null;
  };
  const link = await trx
    .selectFrom("host_repositories")
    .select("repository_id")
    .where("host_id", "=", hostId)
    .where("repository_id", "=", named.repository_id)
    .executeTakeFirst();
  return {
    schedule_id: await own("schedules", named.schedule_id),
    source_group_id: await own("source_groups", named.source_group_id),
    repository_id: link?.repository_id ?? null,
  };
}

export interface RunTarget {
  readonly cfg_rev: number;
  /** As the fleet page shows it: after a start of the server hosts keep it for a while, to come back. */
  readonly status: "online" | "offline";
  /** The host uses a repository. */
  readonly setUp: boolean;
  /** Null when the group is not there or is another host's. */
  readonly group: { readonly id: string; readonly repositoryId: string } | null;
}

/** What a run of a source group on a host needs; null when there is no such host. */
export async function findTarget(
  db: Db,
  hostId: string,
  groupId: string,
): Promise<RunTarget | null> {
  const row = await db
    .selectFrom("hosts")
    .leftJoin("host_repositories as standard", (join) =>
      join
        .onRef("standard.host_id", "=", "hosts.id")
        .on("standard.is_default", "=", 1),
    )
    .leftJoin("source_groups", (join) =>
      join
        .onRef("source_groups.host_id", "=", "hosts.id")
        .on("source_groups.id", "=", groupId),
    )
    .select((eb) => [
      "hosts.cfg_rev",
      "hosts.status",
      "standard.repository_id as standard_id",
      "source_groups.id as group_id",
      eb.fn
        .coalesce("source_groups.repository_id", "standard.repository_id")
        .as("repository_id"),
    ])
    .where("hosts.id", "=", hostId)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { group_id, repository_id } = row;
  return {
    cfg_rev: row.cfg_rev,
    status: row.status,
    setUp: row.standard_id !== null,
    group:
      group_id === null || repository_id === null
        ? null
        : { id: group_id, repositoryId: repository_id },
  };
}

function records(db: Db | Trx) {
  return db
    .selectFrom("jobs")
    .innerJoin("hosts", "hosts.id", "jobs.host_id")
    .leftJoin("users", "users.id", "jobs.actor_id")
    .leftJoin("source_groups", "source_groups.id", "jobs.source_group_id")
    .leftJoin("repositories", "repositories.id", "jobs.repository_id")
    .selectAll("jobs")
    .select([
      "hosts.name as host_name",
      "users.username as actor_name",
      "source_groups.name as source_group_name",
      "repositories.name as repository_name",
      sql<
        number | null
      >`(select max(seq) from job_logs where job_id = jobs.id)`.as("last_line"),
    ]);
}
