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
      enabled: 1,
      next_fires: "[]",
      problem: null,
      last_fired_at: null,
      created_at: row.at,
      updated_at: row.at,
    })
    .execute();
  await trx
    .insertInto("schedule_source_groups")
    .values(
      row.groupIds.map((groupId, position) => ({
        schedule_id: row.id,
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
  change: { cron: string; enabled: boolean; at: string },
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

export async function hostExists(db: Db, id: string): Promise<boolean> {
  const row = await db
    .selectFrom("hosts")
    .select("id")
    .where("id", "=", id)
    .executeTakeFirst();
  return row !== undefined;
}

/** What sealing a configuration needs of a host. */
export async function findRecipient(
  trx: Trx,
  id: string,
): Promise<{ id: string; x25519: Uint8Array; cfg_rev: number } | null> {
  const row = await trx
    .selectFrom("hosts")
    .select(["id", "x25519", "cfg_rev"])
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
