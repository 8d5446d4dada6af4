import { sql } from "kysely";
import type { Selectable } from "kysely";
import type { JobState } from "@restic-manager/shared/domain/job.ts";
import type { JobRow } from "../../db/schema.ts";
import type { Db } from "../../ports/db.ts";

/*
 * Reads for the pages of the fleet. Each takes a set of hosts, so a page of any size costs the same few statements.
 */

export type FleetHost = Awaited<ReturnType<typeof hostsById>>[number];

export type BriefRecord = Pick<
  Selectable<JobRow>,
  | "id"
  | "host_id"
  | "kind"
  | "status"
  | "started_at"
  | "finished_at"
  | "error_code"
  | "error"
  | "stats"
>;

function hosts(db: Db) {
  return db
    .selectFrom("hosts")
    .leftJoin("users", "users.id", "hosts.approved_by")
    .selectAll("hosts")
    .select("users.username as approver")
    .select(
      sql<number>`EXISTS (SELECT 1 FROM host_repositories r WHERE r.host_id = hosts.id)`.as(
        "set_up",
      ),
    );
}

/** Up to `limit` hosts by name, those after the name `cursor`. */
export async function hostsByName(
  db: Db,
  { cursor, limit }: { cursor: string | undefined; limit: number },
) {
  return hosts(db)
    .$if(cursor !== undefined, (query) =>
      query.where("hosts.name", ">", cursor ?? ""),
    )
    .orderBy("hosts.name")
    .limit(limit)
    .execute();
}

export async function hostsById(db: Db, ids: readonly string[]) {
  return hosts(db).where("hosts.id", "in", ids).execute();
}

export async function revisions(db: Db, ids: readonly string[]) {
  return db
    .selectFrom("hosts")
    .select(["id", "cfg_rev", "applied_cfg_rev"])
    .where("id", "in", ids)
    .execute();
}

const briefColumns = [
  "jobs.id",
  "jobs.host_id",
  "jobs.kind",
  "jobs.status",
  "jobs.started_at",
  "jobs.finished_at",
  "jobs.error_code",
  "jobs.error",
  "jobs.stats",
] as const;

/** Of every host the newest backup that has ended; one that a person cancelled says nothing about the host. */
const lastBackupId = sql<string>`(SELECT j.id FROM jobs j
  WHERE j.host_id = hosts.id AND j.kind = 'backup' AND j.finished_at IS NOT NULL AND j.status <> 'cancelled'
  ORDER BY j.queued_at DESC LIMIT 1)`;

const lastSuccessAt = sql<string | null>`(SELECT j.finished_at FROM jobs j
  WHERE j.host_id = hosts.id AND j.kind = 'backup' AND j.status IN ('succeeded', 'succeeded_with_issues')
  ORDER BY j.queued_at DESC LIMIT 1)`;

export async function lastBackups(
  db: Db,
  ids: readonly string[],
): Promise<(BriefRecord & { last_success_at: string | null })[]> {
  return db
    .selectFrom("hosts")
    .innerJoin("jobs", (join) => join.on("jobs.id", "=", lastBackupId))
    .select([...briefColumns, lastSuccessAt.as("last_success_at")])
    .where("hosts.id", "in", ids)
    .execute();
}

/** Jobs that have not ended, those that run first. */
export async function openJobs(
  db: Db,
  ids: readonly string[],
): Promise<BriefRecord[]> {
  return db
    .selectFrom("jobs")
    .select(briefColumns)
    .where("finished_at", "is", null)
    .where("host_id", "in", ids)
    .orderBy(sql`status = 'running'`, "desc")
    .orderBy("queued_at")
    .execute();
}

/** Schedules that agents run, with the first fire after `now` as the agent worked it out; null when it told of none. */
export async function nextFires(
  db: Db,
  ids: readonly string[],
  now: string,
): Promise<{ host_id: string; cron: string; tz: string; at: string | null }[]> {
  return db
    .selectFrom("schedules")
    .innerJoin("hosts", "hosts.id", "schedules.host_id")
    .select([
      "host_id",
      "cron",
      "tz",
      sql<
        string | null
      >`(SELECT min(fire.value) FROM json_each(next_fires) AS fire
        WHERE fire.value > ${now})`.as("at"),
    ])
    .where("enabled", "=", 1)
    .where("next_fires", "!=", "[]")
    .where("host_id", "in", ids)
    .execute();
}

export async function snapshotCounts(
  db: Db,
  ids: readonly string[],
): Promise<{ host_id: string | null; count: number }[]> {
  return db
    .selectFrom("snapshots")
    .select(["host_id", (eb) => eb.fn.countAll<number>().as("count")])
    .where("host_id", "in", ids)
    .groupBy("host_id")
    .execute();
}

/** The worst backup of each day (UTC) since `since`: 1 ok, 2 with issues, 3 failed. */
export async function dayResults(
  db: Db,
  ids: readonly string[],
  since: string,
): Promise<{ host_id: string; day: string; worst: number }[]> {
  return db
    .selectFrom("jobs")
    .select([
      "host_id",
      sql<string>`substr(finished_at, 1, 10)`.as("day"),
      sql<number>`max(${severity})`.as("worst"),
    ])
    .where("host_id", "in", ids)
    .where("kind", "=", "backup")
    .where("queued_at", ">=", since)
    .where("finished_at", ">=", since)
    .where("status", "!=", "cancelled")
    .groupBy(["host_id", "day"])
    .execute();
}

const severity = sql<number>`CASE status WHEN 'succeeded' THEN 1 WHEN 'succeeded_with_issues' THEN 2 ELSE 3 END`;

/** What the health of every host is made of. */
export async function healthFacts(db: Db): Promise<
  {
    status: string;
    always_on: number;
    last: JobState | null;
    busy: number;
  }[]
> {
  return db
    .selectFrom("hosts")
    .select([
      "hosts.status",
      "hosts.always_on",
      sql<JobState | null>`(SELECT status FROM jobs WHERE jobs.id = ${lastBackupId})`.as(
        "last",
      ),
      sql<number>`EXISTS (SELECT 1 FROM jobs WHERE jobs.host_id = hosts.id AND finished_at IS NULL)`.as(
        "busy",
      ),
    ])
    .execute();
}

/** Backups that ended since `since`, counted by whole hours after it and by how bad they were. */
export async function backupsByHour(
  db: Db,
  since: string,
): Promise<{ hour: number; severity: number; count: number }[]> {
  return db
    .selectFrom("jobs")
    .select([
      sql<number>`(unixepoch(finished_at) - unixepoch(${since})) / 3600`.as(
        "hour",
      ),
      severity.as("severity"),
      (eb) => eb.fn.countAll<number>().as("count"),
    ])
    .where("kind", "=", "backup")
    .where("finished_at", ">=", since)
    .where("status", "!=", "cancelled")
    .groupBy(["hour", "severity"])
    .execute();
}

export async function countBackedUp(db: Db, since: string): Promise<number> {
  const row = await db
    .selectFrom("jobs")
    .select((eb) => eb.fn.count<number>("host_id").distinct().as("count"))
    .where("kind", "=", "backup")
    .where("status", "in", ["succeeded", "succeeded_with_issues"])
    .where("finished_at", ">=", since)
    .executeTakeFirstOrThrow();
  return row.count;
}

export async function countOwnSnapshots(db: Db): Promise<number> {
  const row = await db
    .selectFrom("snapshots")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("host_id", "is not", null)
    .executeTakeFirstOrThrow();
  return row.count;
}
