import type { Selectable } from "kysely";
import type { HostRow, SourceGroupRow } from "../../db/schema.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

const hookColumns = ["id", "pre_hook", "post_hook", "hook_timeout_s"] as const;

export type HookRecord = Pick<
  Selectable<SourceGroupRow>,
  (typeof hookColumns)[number]
>;
export type HostHookRecord = HookRecord &
  Pick<Selectable<HostRow>, "hook_shell" | "cfg_rev">;

export async function hooksOfHost(
  db: Db | Trx,
  id: string,
): Promise<HostHookRecord | null> {
  const row = await db
    .selectFrom("hosts")
    .select([...hookColumns, "hook_shell", "cfg_rev"])
    .where("id", "=", id)
    .executeTakeFirst();
  return row ?? null;
}

export async function hooksOfGroup(
  db: Db | Trx,
  id: string,
): Promise<(HookRecord & { host_id: string; name: string }) | null> {
  const row = await db
    .selectFrom("source_groups")
    .select([...hookColumns, "host_id", "name"])
    .where("id", "=", id)
    .executeTakeFirst();
  return row ?? null;
}

export async function hooksOfGroups(
  db: Db | Trx,
  hostId: string,
): Promise<HookRecord[]> {
  return db
    .selectFrom("source_groups")
    .select(hookColumns)
    .where("host_id", "=", hostId)
    .execute();
}

export async function saveHostHooks(
  trx: Trx,
  { id, ...hooks }: HookRecord & Pick<HostHookRecord, "hook_shell">,
): Promise<void> {
  await trx.updateTable("hosts").set(hooks).where("id", "=", id).execute();
}

export async function saveGroupHooks(
  trx: Trx,
  { id, ...hooks }: HookRecord,
): Promise<void> {
  await trx
    .updateTable("source_groups")
    .set(hooks)
    .where("id", "=", id)
    .execute();
}
