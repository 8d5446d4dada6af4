import type { Selectable } from "kysely";
import type { ScheduleRow } from "../../db/schema.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

/** A schedule with what its host says about it. */
export type ScheduleRecord = Selectable<ScheduleRow> & {
  readonly tz: string;
  /** The agent runs by the newest configuration. */
  readonly applied: boolean;
  readonly groupIds: readonly string[];
};

export async function listSchedules(
  db: Db | Trx,
  hostId: string,
): Promise<ScheduleRecord[]> {
  return withGroups(
    db,
    await records(db).where("schedules.host_id", "=", hostId).execute(),
  );
}

export async function findSchedule(
  db: Db | Trx,
  id: string,
): Promise<ScheduleRecord | null> {
  const [record] = await withGroups(
    db,
    await records(db).where("schedules.id", "=", id).execute(),
  );
  return record ?? null;
}

export async function insertSchedule(
  trx: Trx,
  row: {
    id: string;
    hostId: string;
    cron: string;
    enabled: boolean;
    groupIds: readonly string[];
    at: string;
  },
): Promise<void> {
  await trx
    .insertInto("schedules")
    .values({
      id: row.id,
      host_id: row.hostId,
      cron: row.cron,
      enabled: row.enabled ? 1 : 0,
      next_fires: "[]",
      problem: null,
      last_fired_at: null,
      created_at: row.at,
      updated_at: row.at,
    })
    .execute();
  await insertGroups(trx, row.id, row.groupIds);
}

async function insertGroups(
  trx: Trx,
  scheduleId: string,
  groupIds: readonly string[],
): Promise<void> {
  await trx
    .insertInto("schedule_source_groups")
    .values(
      groupIds.map((groupId, position) => ({
        schedule_id: scheduleId,
        source_group_id: groupId,
        position,
      })),
    )
    .execute();
}

/** What the agent computed for the old times no longer holds, so it is dropped with them. */
export async function updateSchedule(
  trx: Trx,
  id: string,
  change: {
    cron: string;
    enabled: boolean;
    groupIds: readonly string[];
    at: string;
  },
): Promise<void> {
  await trx
    .updateTable("schedules")
    .set({
      cron: change.cron,
      enabled: change.enabled ? 1 : 0,
      next_fires: "[]",
      problem: null,
      updated_at: change.at,
    })
    .where("id", "=", id)
    .execute();
  await trx
    .deleteFrom("schedule_source_groups")
    .where("schedule_id", "=", id)
    .execute();
  await insertGroups(trx, id, change.groupIds);
}

export async function deleteSchedule(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom("schedules").where("id", "=", id).execute();
}

export async function groupIdsOf(
  trx: Trx,
  hostId: string,
): Promise<ReadonlySet<string>> {
  const rows = await trx
    .selectFrom("source_groups")
    .select("id")
    .where("host_id", "=", hostId)
    .execute();
  return new Set(rows.map((row) => row.id));
}

export async function saveNextFires(
  trx: Trx,
  hostId: string,
  schedule: { id: string; next: readonly string[]; problem: string | null },
): Promise<void> {
  await trx
    .updateTable("schedules")
    .set({
      next_fires: JSON.stringify(schedule.next),
      problem: schedule.problem,
    })
    .where("id", "=", schedule.id)
    .where("host_id", "=", hostId)
    .execute();
}

function records(db: Db | Trx) {
  return db
    .selectFrom("schedules")
    .innerJoin("hosts", "hosts.id", "schedules.host_id")
    .selectAll("schedules")
    .select(["hosts.tz", "hosts.cfg_rev", "hosts.applied_cfg_rev"])
    .orderBy("schedules.id");
}

async function withGroups(
  db: Db | Trx,
  rows: Awaited<ReturnType<ReturnType<typeof records>["execute"]>>,
): Promise<ScheduleRecord[]> {
  if (rows.length === 0) return [];
  const links = await db
    .selectFrom("schedule_source_groups")
    .selectAll()
    .where(
      "schedule_id",
      "in",
      rows.map((row) => row.id),
    )
    .orderBy("position")
    .execute();
  return rows.map((row) => ({
    ...row,
    applied: row.applied_cfg_rev >= row.cfg_rev,
    groupIds: links
      .filter((link) => link.schedule_id === row.id)
      .map((link) => link.source_group_id),
  }));
}

/** @returns the zone of a host; null when there is no such host. */
export async function zoneOf(
  db: Db | Trx,
  hostId: string,
): Promise<string | null> {
  const row = await db
    .selectFrom("hosts")
    .select("tz")
    .where("id", "=", hostId)
    .executeTakeFirst();
  return row?.tz ?? null;
}

/** What a configuration takes from the host's own row, and what sealing it needs. */
export async function findRecipient(trx: Trx, id: string) {
  const row = await trx
    .selectFrom("hosts")
    .select([
      "id",
      "x25519",
      "cfg_rev",
      "bandwidth_up_kbps",
      "bandwidth_down_kbps",
      "index_enabled",
      "hook_shell",
    ])
    .where("id", "=", id)
    .executeTakeFirst();
  return row ?? null;
}

/** @returns false, changing nothing, when a newer revision was applied already. */
export async function raiseApplied(
  trx: Trx,
  hostId: string,
  rev: number,
): Promise<boolean> {
  const result = await trx
    .updateTable("hosts")
    .set({ applied_cfg_rev: rev })
    .where("id", "=", hostId)
    .where("applied_cfg_rev", "<=", rev)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}
