import type { Selectable } from "kysely";
import { sql } from "kysely";
import type {
  MaintenanceSettings,
  SkipReason,
  UpkeepKind,
} from "@restic-manager/shared/domain/maintenance.ts";
import type { JobRow } from "../../db/schema.ts";
import type { RepositoryMaintenanceRow } from "../../db/upkeep-rows.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

export interface Skipped {
  readonly at: string;
  readonly reason: SkipReason;
}

/** Upkeep of one repository, as it is set and as far as it was dealt with. */
export interface UpkeepRecord {
  readonly repositoryId: string;
  readonly name: string;
  readonly resticId: string | null;
  /** Zone of the times: the one of the host that does it, or of the first that would be asked. */
  readonly tz: string;
  readonly settings: MaintenanceSettings;
  readonly handled: Readonly<Partial<Record<UpkeepKind, string>>>;
  readonly skipped: Readonly<Partial<Record<UpkeepKind, Skipped>>>;
}

export async function listUpkeep(db: Db | Trx): Promise<UpkeepRecord[]> {
  return (await records(db).execute()).map(toRecord);
}

export async function findUpkeep(
  db: Db | Trx,
  repositoryId: string,
): Promise<UpkeepRecord | null> {
  const row = await records(db)
    .where("repositories.id", "=", repositoryId)
    .executeTakeFirst();
  return row === undefined ? null : toRecord(row);
}

export async function saveSettings(
  trx: Trx,
  repositoryId: string,
  { forget, prune, check, ...rest }: MaintenanceSettings,
): Promise<void> {
  const flag = (is: boolean) => (is ? 1 : 0);
  await trx
    .updateTable("repository_maintenance")
    .set({
      forget_cron: forget.cron,
      forget_enabled: flag(forget.enabled),
      prune_cron: prune.cron,
      prune_enabled: flag(prune.enabled),
      check_cron: check.cron,
      check_enabled: flag(check.enabled),
      ...rest,
    })
    .where("repository_id", "=", repositoryId)
    .execute();
}

/** Fires of these kinds up to `at` are dealt with. */
export async function saveHandled(
  trx: Trx,
  repositoryId: string,
  kinds: readonly UpkeepKind[],
  at: string,
): Promise<void> {
  const handled = Object.fromEntries(kinds.map((kind) => [kind, at]));
  await trx
    .updateTable("repository_maintenance")
    .set({
      handled: sql<string>`json_patch(handled, ${JSON.stringify(handled)})`,
    })
    .where("repository_id", "=", repositoryId)
    .execute();
}

export async function saveSkipped(
  trx: Trx,
  repositoryId: string,
  kind: UpkeepKind,
  skipped: Skipped,
): Promise<void> {
  const patch = JSON.stringify({ [kind]: skipped });
  await trx
    .updateTable("repository_maintenance")
    .set({ skipped: sql<string>`json_patch(skipped, ${patch})` })
    .where("repository_id", "=", repositoryId)
    .execute();
}

/** The newest job of a kind of upkeep, whoever asked for it. */
export async function lastJob(
  db: Db | Trx,
  repositoryId: string,
  kind: UpkeepKind,
): Promise<Selectable<JobRow> | null> {
  const row = await db
    .selectFrom("jobs")
    .selectAll()
    .where("repository_id", "=", repositoryId)
    .where("kind", "=", kind)
    .orderBy("queued_at", "desc")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

/** Whether any job uses the repository, on whatever host; one that waits for its turn does not. */
export async function isInUse(trx: Trx, repositoryId: string) {
  const row = await trx
    .selectFrom("jobs")
    .select("id")
    // The plus: unfinished jobs are few, those of a repository many.
    .where(sql<string | null>`+repository_id`, "=", repositoryId)
    .where("finished_at", "is", null)
    .where("status", "in", ["sent", "running"])
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** What the hosts that hold locks of a repository call themselves. */
export async function lockHolders(
  db: Db | Trx,
  repositoryId: string,
): Promise<string[]> {
  const rows = await db
    .selectFrom("repository_stats")
    .innerJoin(sql<{ value: string }>`json_each(locks)`.as("lock"), (join) =>
      join.onTrue(),
    )
    .select(sql<string>`json_extract(lock.value, '$.hostname')`.as("hostname"))
    .where("repository_id", "=", repositoryId)
    .execute();
  return rows.map((row) => row.hostname);
}

type Row = Selectable<RepositoryMaintenanceRow> & {
  readonly name: string;
  readonly restic_id: string | null;
  readonly tz: string;
};

/** As `possibleRunners` orders them. */
const tz = sql<string>`coalesce(
  (SELECT tz FROM hosts WHERE hosts.id = runner_host_id),
  (SELECT tz FROM host_repositories u JOIN hosts ON hosts.id = u.host_id
    WHERE u.repository_id = repositories.id ORDER BY always_on DESC, hosts.name LIMIT 1),
  'UTC')`;

function records(db: Db | Trx) {
  return db
    .selectFrom("repository_maintenance")
    .innerJoin("repositories", "repositories.id", "repository_id")
    .selectAll("repository_maintenance")
    .select(["repositories.name", "repositories.restic_id", tz.as("tz")])
    .orderBy("repositories.id");
}

function toRecord(row: Row): UpkeepRecord {
  const of = (kind: UpkeepKind) => ({
    cron: row[`${kind}_cron`],
    enabled: row[`${kind}_enabled`] === 1,
  });
  return {
    repositoryId: row.repository_id,
    name: row.name,
    resticId: row.restic_id,
    tz: row.tz,
    settings: {
      forget: of("forget"),
      prune: of("prune"),
      check: of("check"),
      check_subset_pct: row.check_subset_pct,
      runner_host_id: row.runner_host_id,
    },
    handled: JSON.parse(row.handled),
    skipped: JSON.parse(row.skipped),
  };
}
