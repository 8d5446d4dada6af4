import type { Selectable } from "kysely";
import type { SourceGroupSpec } from "@restic-manager/shared/domain/source.ts";
import type { SourceGroupRow } from "../../db/schema.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

export type SourceRecord = Selectable<SourceGroupRow>;

export async function listSources(
  db: Db | Trx,
  hostId: string,
): Promise<SourceRecord[]> {
  return db
    .selectFrom("source_groups")
    .selectAll()
    .where("host_id", "=", hostId)
    .orderBy("name")
    .execute();
}

export async function findSource(
  db: Db | Trx,
  id: string,
): Promise<SourceRecord | null> {
  const row = await db
    .selectFrom("source_groups")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  return row ?? null;
}

export async function insertSource(
  trx: Trx,
  group: { id: string; hostId: string; at: string; spec: SourceGroupSpec },
): Promise<void> {
  await trx
    .insertInto("source_groups")
    .values({
      id: group.id,
      host_id: group.hostId,
      repository_id: null,
      ...columns(group.spec),
      retention: "{}",
      retry_max: 0,
      retry_backoff_s: 60,
      created_at: group.at,
      updated_at: group.at,
    })
    .execute();
}

export async function updateSource(
  trx: Trx,
  id: string,
  spec: SourceGroupSpec,
  at: string,
): Promise<void> {
  await trx
    .updateTable("source_groups")
    .set({ ...columns(spec), updated_at: at })
    .where("id", "=", id)
    .execute();
}

function columns(spec: SourceGroupSpec) {
  return {
    name: spec.name,
    includes: JSON.stringify(spec.includes),
    excludes: JSON.stringify(spec.excludes),
    exclude_caches: spec.options.exclude_caches ? (1 as const) : (0 as const),
    one_file_system: spec.options.one_file_system ? (1 as const) : (0 as const),
  };
}
