import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { AlertKind } from "@restic-manager/shared/domain/alert.ts";
import type { JobState } from "@restic-manager/shared/domain/job.ts";
import { sql } from "kysely";
import type { RawBuilder } from "kysely";
import type { Trx } from "../../ports/transaction.ts";
import type { NextRun } from "../schedules/next-run.ts";
import { isOverdue } from "./overdue.ts";
import type { Finding, Ids } from "./rules.ts";
import { cut, duration, minute, nothingElse } from "./wording.ts";

const offlineMs = 15 * 60 * 1000;
const wrongClockMs = 5 * 60 * 1000;

/** Everything that holds of these hosts. */
export async function findOfHosts(
  trx: Trx,
  hosts: Ids,
  { now, nextRun }: { now: number; nextRun: NextRun },
): Promise<Finding[]> {
  const found = [
    await failedBackups(trx, hosts),
    await incompleteBackups(trx, hosts),
    await offlineHosts(trx, hosts, now),
    await overdueSchedules(trx, hosts, now, nextRun),
    await copiedIdentities(trx, hosts),
    await wrongClocks(trx, hosts),
  ];
  return found.flat();
}

/** Of each source group the newest backup among `which`, where it ended in one of `statuses`. */
async function newestBackups(
  trx: Trx,
  hosts: Ids,
  which: RawBuilder<boolean>,
  statuses: readonly JobState[],
) {
  const newest = sql<string>`(SELECT j.id FROM jobs j
    WHERE j.source_group_id = source_groups.id AND j.kind = 'backup' AND ${which}
    ORDER BY j.queued_at DESC LIMIT 1)`;
  return trx
    .selectFrom("source_groups")
    .innerJoin("hosts", "hosts.id", "source_groups.host_id")
    .innerJoin("jobs", (join) => join.on("jobs.id", "=", newest))
    .select([
      "source_groups.id",
      "source_groups.name as group_name",
      "hosts.id as host_id",
      "hosts.name as host_name",
      "jobs.id as job_id",
      "jobs.status",
      "jobs.error",
    ])
    .where("jobs.status", "in", statuses)
    .$if(hosts !== null, (query) => query.where("hosts.id", "in", hosts ?? []))
    .execute();
}

type Newest = Awaited<ReturnType<typeof newestBackups>>[number];

function ofBackup(kind: AlertKind, row: Newest, how: string): Finding {
  return {
    ...nothingElse,
    kind,
    subject: row.id,
    host_id: row.host_id,
    job_id: row.job_id,
    cause: row.job_id,
    message: cut(
      `The backup of “${row.group_name}” on ${row.host_name} ${how}: ${row.error ?? "the agent gave no reason."}`,
    ),
  };
}

/** One that was cancelled says nothing. */
const ended = sql<boolean>`j.finished_at IS NOT NULL AND j.status <> 'cancelled'`;

async function failedBackups(trx: Trx, hosts: Ids): Promise<Finding[]> {
  const rows = await newestBackups(trx, hosts, ended, ["failed", "lost"]);
  return rows.map((row) =>
    ofBackup(
      "backup_failed",
      row,
      row.status === "lost" ? "was lost" : "failed",
    ),
  );
}

/** A failure saves nothing of what the success before it left out, so it does not count here. */
const saved = sql<boolean>`j.status IN ('succeeded', 'succeeded_with_issues')`;

async function incompleteBackups(trx: Trx, hosts: Ids): Promise<Finding[]> {
  const rows = await newestBackups(trx, hosts, saved, [
    "succeeded_with_issues",
  ]);
  return rows.map((row) => ofBackup("backup_incomplete", row, "is incomplete"));
}

async function offlineHosts(
  trx: Trx,
  hosts: Ids,
  now: number,
): Promise<Finding[]> {
  const seen = sql<string>`coalesce(last_seen_at, approved_at)`;
  const rows = await trx
    .selectFrom("hosts")
    .select(["id", "name", "last_seen_at", seen.as("seen")])
    .where("status", "=", "offline")
    .where("always_on", "=", 1)
    .where(seen, "<", toTimestamp(now - offlineMs))
    .$if(hosts !== null, (query) => query.where("id", "in", hosts ?? []))
    .execute();
  return rows.map(({ id, name, last_seen_at, seen: since }) => ({
    ...nothingElse,
    kind: "agent_offline",
    subject: id,
    host_id: id,
    cause: since,
    message:
      last_seen_at === null
        ? `${name} has not connected since it was approved at ${minute(since)}.`
        : `${name} was last heard of at ${minute(since)}.`,
  }));
}

async function overdueSchedules(
  trx: Trx,
  hosts: Ids,
  now: number,
  nextRun: NextRun,
): Promise<Finding[]> {
  const rows = await trx
    .selectFrom("schedules")
    .innerJoin("hosts", "hosts.id", "schedules.host_id")
    .innerJoin(
      "schedule_source_groups as link",
      "link.schedule_id",
      "schedules.id",
    )
    .innerJoin("source_groups", "source_groups.id", "link.source_group_id")
    .select([
      "schedules.id",
      "schedules.cron",
      "hosts.id as host_id",
      "hosts.name as host_name",
      "hosts.tz",
      "hosts.always_on",
      "source_groups.name as group_name",
      // A schedule or a group that was changed or made since the last success begins anew.
      sql<string>`max(schedules.updated_at, source_groups.created_at, coalesce((
        SELECT j.finished_at FROM jobs j
        WHERE j.source_group_id = source_groups.id AND j.kind = 'backup'
          AND j.status IN ('succeeded', 'succeeded_with_issues')
        ORDER BY j.queued_at DESC LIMIT 1), ''))`.as("since"),
    ])
    .where("schedules.enabled", "=", 1)
    // A long backup that is on its way is not missing.
    .where(
      sql<boolean>`NOT (hosts.status = 'online' AND EXISTS (SELECT 1 FROM jobs j
        WHERE j.source_group_id = source_groups.id AND j.status = 'running' AND j.finished_at IS NULL))`,
    )
    .$if(hosts !== null, (query) => query.where("hosts.id", "in", hosts ?? []))
    .execute();
  const overdue = rows.filter(({ cron, tz, since, always_on }) =>
    isOverdue(
      { cron, tz, since: Date.parse(since), alwaysOn: always_on === 1 },
      now,
      nextRun,
    ),
  );
  // The group that has waited longest speaks for its schedule.
  const bySchedule = Map.groupBy(overdue, ({ id }) => id);
  return [...bySchedule.values()].map((of) => {
    const row = of.reduce((a, b) => (b.since < a.since ? b : a));
    return {
      ...nothingElse,
      kind: "stale_schedule",
      subject: row.id,
      host_id: row.host_id,
      cause: row.since,
      message: `No backup of “${row.group_name}” on ${row.host_name} has succeeded since ${minute(row.since)}, and one is overdue.`,
    };
  });
}

async function copiedIdentities(trx: Trx, hosts: Ids): Promise<Finding[]> {
  const rows = await trx
    .selectFrom("hosts")
    .select([
      "id",
      "name",
      sql<string>`json_extract(identity_conflict, '$.since')`.as("since"),
    ])
    .where("identity_conflict", "is not", null)
    .$if(hosts !== null, (query) => query.where("id", "in", hosts ?? []))
    .execute();
  return rows.map(({ id, name, since }) => ({
    ...nothingElse,
    kind: "identity_conflict",
    subject: id,
    host_id: id,
    cause: since,
    message: `Two agents speak as ${name}: its identity was copied, with a disk image or a folder. Enrol one of them anew.`,
  }));
}

async function wrongClocks(trx: Trx, hosts: Ids): Promise<Finding[]> {
  const rows = await trx
    .selectFrom("hosts")
    .select(["id", "name", "clock_skew_ms"])
    .where(sql<number>`abs(clock_skew_ms)`, ">", wrongClockMs)
    .$if(hosts !== null, (query) => query.where("id", "in", hosts ?? []))
    .execute();
  return rows.map(({ id, name, clock_skew_ms }) => ({
    ...nothingElse,
    kind: "clock_skew",
    subject: id,
    host_id: id,
    // Whoever has closed the alert is told again when the clock is wrong by another amount.
    cause: String(Math.round(clock_skew_ms / wrongClockMs)),
    message: `The clock of ${name} is ${duration(clock_skew_ms)} ${clock_skew_ms > 0 ? "ahead" : "behind"}: its schedules fire at the wrong time, and restic there may misjudge locks and retention. Set it, and have it kept right.`,
  }));
}
