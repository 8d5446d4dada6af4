import { sql } from "kysely";
import type { Insertable, Selectable, Updateable } from "kysely";
import type {
  AlertCounts,
  AlertQuery,
} from "@restic-manager/shared/api/alerts.ts";
import type { AlertRow } from "../../db/alert-rows.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";
import type { Finding, Ids, Unresolved } from "./rules.ts";

/** An alert with the names of what it is about. */
export type AlertRecord = Selectable<AlertRow> & {
  readonly host_name: string | null;
  readonly repository_name: string | null;
  readonly acknowledger: string | null;
  readonly resolver: string | null;
};

function records(db: Db | Trx) {
  return db
    .selectFrom("alerts")
    .leftJoin("hosts", "hosts.id", "alerts.host_id")
    .leftJoin("repositories", "repositories.id", "alerts.repository_id")
    .leftJoin("users as acker", "acker.id", "alerts.acknowledged_by")
    .leftJoin("users as ender", "ender.id", "alerts.resolved_by")
    .selectAll("alerts")
    .select([
      "hosts.name as host_name",
      "repositories.name as repository_name",
      "acker.username as acknowledger",
      "ender.username as resolver",
    ]);
}

export async function findAlert(
  db: Db | Trx,
  id: string,
): Promise<AlertRecord | null> {
  const query = records(db).where("alerts.id", "=", id);
  return (await query.executeTakeFirst()) ?? null;
}

export function listAlerts(db: Db, filter: AlertQuery): Promise<AlertRecord[]> {
  const { state, severity, kind, host_id, repository_id, cursor, limit } =
    filter;
  let query = records(db).orderBy("alerts.id", "desc").limit(limit);
  if (state === "resolved")
    query = query.where("alerts.resolved_at", "is not", null);
  else if (state !== undefined)
    query = query.where("alerts.resolved_at", "is", null);
  if (state === "open")
    query = query.where("alerts.acknowledged_at", "is", null);
  if (state === "acknowledged")
    query = query.where("alerts.acknowledged_at", "is not", null);
  if (severity !== undefined)
    query = query.where("alerts.severity", "=", severity);
  if (kind !== undefined) query = query.where("alerts.kind", "=", kind);
  if (host_id !== undefined)
    query = query.where((eb) =>
      eb.or([
        eb("alerts.host_id", "=", host_id),
        eb(
          "alerts.repository_id",
          "in",
          eb
            .selectFrom("host_repositories")
            .select("repository_id")
            .where("host_id", "=", host_id),
        ),
      ]),
    );
  if (repository_id !== undefined)
    query = query.where("alerts.repository_id", "=", repository_id);
  if (cursor !== undefined) query = query.where("alerts.id", "<", cursor);
  return query.execute();
}

export async function countAlerts(db: Db): Promise<AlertCounts> {
  const row = await db
    .selectFrom("alerts")
    .select([
      sql<number>`count(*) FILTER (WHERE acknowledged_at IS NULL)`.as("open"),
      sql<number>`count(*) FILTER (WHERE acknowledged_at IS NOT NULL)`.as(
        "acknowledged",
      ),
      sql<number>`count(*) FILTER (WHERE severity = 'critical')`.as("critical"),
      sql<string | null>`(SELECT max(resolved_at) FROM alerts)`.as(
        "last_resolved_at",
      ),
    ])
    .where("resolved_at", "is", null)
    .executeTakeFirstOrThrow();
  return row;
}

/** Those of the hosts and of the repositories that are not resolved. */
export async function unresolved(
  trx: Trx,
  { hosts, repositories }: { hosts: Ids; repositories: Ids },
): Promise<Unresolved[]> {
  return trx
    .selectFrom("alerts")
    .select(["id", "kind", "subject", "cause"])
    .where("resolved_at", "is", null)
    .$if(hosts !== null && repositories !== null, (query) =>
      query.where((eb) =>
        eb.or([
          eb("host_id", "in", hosts ?? []),
          eb("repository_id", "in", repositories ?? []),
        ]),
      ),
    )
    .execute();
}

/** Whether a person has resolved this very occurrence. */
export async function wasDismissed(
  trx: Trx,
  { kind, subject, cause }: Finding,
): Promise<boolean> {
  const row = await trx
    .selectFrom("alerts")
    .select("id")
    .where("kind", "=", kind)
    .where("subject", "=", subject)
    .where("cause", "=", cause)
    .where("resolved_by", "is not", null)
    .executeTakeFirst();
  return row !== undefined;
}

export async function insertAlert(
  trx: Trx,
  row: Insertable<AlertRow>,
): Promise<void> {
  await trx.insertInto("alerts").values(row).execute();
}

export async function updateAlert(
  trx: Trx,
  id: string,
  change: Updateable<AlertRow>,
): Promise<void> {
  await trx.updateTable("alerts").set(change).where("id", "=", id).execute();
}
