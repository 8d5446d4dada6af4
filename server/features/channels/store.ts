import { sql } from "kysely";
import type { Insertable, Selectable, Updateable } from "kysely";
import type { Severity } from "@restic-manager/shared/domain/alert.ts";
import type {
  NotificationChannelRow,
  NotificationRow,
} from "../../db/alert-rows.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

export type ChannelRecord = Selectable<NotificationChannelRow> & {
  readonly waiting: number;
};
export type NotificationRecord = Selectable<NotificationRow>;

function records(db: Db | Trx) {
  return db
    .selectFrom("notification_channels")
    .selectAll()
    .select(
      sql<number>`(SELECT count(*) FROM notifications
        WHERE channel_id = notification_channels.id AND state = 'waiting')`.as(
        "waiting",
      ),
    );
}

export function listChannels(db: Db | Trx): Promise<ChannelRecord[]> {
  return records(db).orderBy("name").execute();
}

export async function findChannel(
  db: Db | Trx,
  id: string,
): Promise<ChannelRecord | null> {
  return (await records(db).where("id", "=", id).executeTakeFirst()) ?? null;
}

export async function isNameTaken(
  trx: Trx,
  name: string,
  exceptId: string,
): Promise<boolean> {
  const row = await trx
    .selectFrom("notification_channels")
    .select("id")
    .where("name", "=", name)
    .where("id", "!=", exceptId)
    .executeTakeFirst();
  return row !== undefined;
}

export async function insertChannel(
  trx: Trx,
  row: Insertable<NotificationChannelRow>,
): Promise<void> {
  await trx.insertInto("notification_channels").values(row).execute();
}

export async function updateChannel(
  trx: Trx,
  id: string,
  change: Updateable<NotificationChannelRow>,
): Promise<void> {
  await trx
    .updateTable("notification_channels")
    .set(change)
    .where("id", "=", id)
    .execute();
}

export async function deleteChannel(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom("notification_channels").where("id", "=", id).execute();
}

/** Ids of the channels that are told about alerts of a severity. */
export async function takersOf(
  trx: Trx,
  severity: Severity,
): Promise<string[]> {
  const rows = await trx
    .selectFrom("notification_channels")
    .select("id")
    .where("enabled", "=", 1)
    .where(
      sql<boolean>`EXISTS (SELECT 1 FROM json_each(severities) WHERE value = ${severity})`,
    )
    .execute();
  return rows.map(({ id }) => id);
}

export async function insertNotification(
  trx: Trx,
  row: Insertable<NotificationRow>,
): Promise<void> {
  await trx.insertInto("notifications").values(row).execute();
}

/** What waits and has nothing older about the same alert before it: what happened is told in order. */
function heads(db: Db) {
  return db
    .selectFrom("notifications as n")
    .where("n.state", "=", "waiting")
    .where(
      sql<boolean>`NOT EXISTS (SELECT 1 FROM notifications o WHERE o.state = 'waiting'
        AND o.channel_id = n.channel_id AND o.alert_id = n.alert_id AND o.id < n.id)`,
    );
}

/** When each channel has something to be tried next. */
export async function dueTimes(
  db: Db,
): Promise<{ channel_id: string; next_at: string }[]> {
  return heads(db)
    .select(["n.channel_id", (eb) => eb.fn.min("n.next_at").as("next_at")])
    .groupBy("n.channel_id")
    .execute();
}

/** The oldest message that is due. */
export async function nextDue(
  db: Db,
  channelId: string,
  now: string,
): Promise<NotificationRecord | null> {
  const row = await heads(db)
    .selectAll("n")
    .where("n.channel_id", "=", channelId)
    .where("n.next_at", "<=", now)
    .orderBy("n.id")
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

export async function updateNotification(
  trx: Trx,
  id: string,
  change: Updateable<NotificationRow>,
): Promise<void> {
  await trx
    .updateTable("notifications")
    .set(change)
    .where("id", "=", id)
    .execute();
}

/** Everything that waits for a channel is due now. */
export async function hasten(
  trx: Trx,
  channelId: string,
  now: string,
): Promise<void> {
  await trx
    .updateTable("notifications")
    .set({ next_at: now })
    .where("state", "=", "waiting")
    .where("channel_id", "=", channelId)
    .execute();
}

export async function dropWaiting(trx: Trx, channelId: string): Promise<void> {
  await trx
    .deleteFrom("notifications")
    .where("state", "=", "waiting")
    .where("channel_id", "=", channelId)
    .execute();
}

export async function forgetBefore(trx: Trx, before: string): Promise<void> {
  await trx
    .deleteFrom("notifications")
    .where("created_at", "<", before)
    .where("state", "!=", "waiting")
    .execute();
}
