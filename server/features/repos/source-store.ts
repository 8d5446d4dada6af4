import type { Selectable } from "kysely";
import type {
  Retention,
  RetryPolicy,
  SourceGroupSpec,
} from "@restic-manager/shared/domain/source.ts";
import type { SourceGroupRow } from "../../db/schema.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

export type SourceRecord = Selectable<SourceGroupRow>;

/** With nothing left open. */
export type WholeSource = SourceGroupSpec & {
  readonly retention: Retention;
  readonly retry: RetryPolicy;
  readonly repository_id: string | null;
};

export interface FeedingSchedule {
  readonly id: string;
  readonly cron: string;
  readonly enabled: boolean;
}

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
  group: { id: string; hostId: string; at: string; spec: WholeSource },
): Promise<void> {
  await trx
    .insertInto("source_groups")
    .values({
      id: group.id,
      host_id: group.hostId,
      ...columns(group.spec),
      created_at: group.at,
      updated_at: group.at,
    })
    .execute();
}

export async function updateSource(
  trx: Trx,
  id: string,
  spec: WholeSource,
  at: string,
): Promise<void> {
  await trx
    .updateTable("source_groups")
    .set({ ...columns(spec), updated_at: at })
    .where("id", "=", id)
    .execute();
}

/** Source groups of a host that go into one repository go into another one from now on. */
export async function redirectSources(
  trx: Trx,
  hostId: string,
  from: string,
  to: string,
): Promise<void> {
  await trx
    .updateTable("source_groups")
    .set({ repository_id: to })
    .where("host_id", "=", hostId)
    .where("repository_id", "=", from)
    .execute();
}

export async function deleteSource(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom("source_groups").where("id", "=", id).execute();
}

/** Of each source group of a host the schedules that run it. */
export async function schedulesOfGroups(
  db: Db | Trx,
  hostId: string,
): Promise<Map<string, FeedingSchedule[]>> {
  const rows = await db
    .selectFrom("schedule_source_groups as link")
    .innerJoin("schedules", "schedules.id", "link.schedule_id")
    .select([
      "link.source_group_id",
      "schedules.id",
      "schedules.cron",
      "schedules.enabled",
    ])
    .where("schedules.host_id", "=", hostId)
    .orderBy("schedules.id")
    .execute();
  const grouped = Map.groupBy(rows, (row) => row.source_group_id);
  return new Map(
    [...grouped].map(([groupId, links]) => [
      groupId,
      links.map(({ id, cron, enabled }) => ({
        id,
        cron,
        enabled: enabled === 1,
      })),
    ]),
  );
}

function columns(spec: WholeSource) {
  return {
    name: spec.name,
    repository_id: spec.repository_id,
    includes: JSON.stringify(spec.includes),
    excludes: JSON.stringify(spec.excludes),
    exclude_caches: spec.options.exclude_caches ? (1 as const) : (0 as const),
    one_file_system: spec.options.one_file_system ? (1 as const) : (0 as const),
    retention: JSON.stringify(spec.retention),
    retry_max: spec.retry.max,
    retry_backoff_s: spec.retry.backoff_s,
  };
}
