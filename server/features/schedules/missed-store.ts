import type { Schedule } from "@restic-manager/shared/api/schedules.ts";
import type { ScheduleMissed } from "@restic-manager/shared/protocol/event.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

export type MissedFires = Schedule["missed"][number];

/** Rows of one schedule that are kept, and shown. */
const keptRows = 200;
const shownRows = 20;

export async function insertMissed(
  trx: Trx,
  row: { id: string; hostId: string; at: string; missed: ScheduleMissed },
): Promise<void> {
  const { missed } = row;
  await trx
    .insertInto("missed_fires")
    .values({
      ...missed,
      id: row.id,
      host_id: row.hostId,
      caught_up_by: JSON.stringify(missed.caught_up_by),
      received_at: row.at,
    })
    .execute();
  await trx
    .deleteFrom("missed_fires")
    .where("schedule_id", "=", missed.schedule_id)
    .where("id", "not in", (eb) =>
      eb
        .selectFrom("missed_fires")
        .select("id")
        .where("schedule_id", "=", missed.schedule_id)
        .orderBy("last_due_at", "desc")
        .limit(keptRows),
    )
    .execute();
}

/** Of each schedule of a host the fires missed since `since`, newest first. */
export async function missedOf(
  db: Db | Trx,
  hostId: string,
  since: string,
): Promise<Map<string, MissedFires[]>> {
  const rows = await db
    .selectFrom("missed_fires")
    .select([
      "schedule_id",
      "source_group_id",
      "reason",
      "first_due_at",
      "last_due_at",
      "count",
      "caught_up_by",
      "attempts",
    ])
    .where("host_id", "=", hostId)
    .where("last_due_at", ">=", since)
    .orderBy("last_due_at", "desc")
    .orderBy("id", "desc")
    .execute();
  const grouped = Map.groupBy(rows, (row) => row.schedule_id);
  return new Map(
    [...grouped].map(([id, missed]) => [
      id,
      missed.slice(0, shownRows).map((row) => ({
        source_group_id: row.source_group_id,
        reason: row.reason,
        first_due_at: row.first_due_at,
        last_due_at: row.last_due_at,
        count: row.count,
        caught_up_by: JSON.parse(row.caught_up_by),
        attempts: row.attempts,
      })),
    ]),
  );
}

/** What a report names, as far as it is the reporting host's; null when the schedule is not, or is gone. */
export async function findOrigin(
  trx: Trx,
  hostId: string,
  missed: Pick<ScheduleMissed, "schedule_id" | "source_group_id">,
): Promise<{
  hostName: string;
  cron: string;
  group: { id: string; name: string } | null;
} | null> {
  const row = await trx
    .selectFrom("schedules")
    .innerJoin("hosts", "hosts.id", "schedules.host_id")
    .leftJoin("source_groups", (join) =>
      join
        .onRef("source_groups.host_id", "=", "hosts.id")
        .on("source_groups.id", "=", missed.source_group_id),
    )
    .select([
      "hosts.name as hostName",
      "schedules.cron",
      "source_groups.id as groupId",
      "source_groups.name as groupName",
    ])
    .where("schedules.id", "=", missed.schedule_id)
    .where("schedules.host_id", "=", hostId)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { hostName, cron, groupId, groupName } = row;
  const group =
    groupId === null || groupName === null
      ? null
      : { id: groupId, name: groupName };
  return { hostName, cron, group };
}
