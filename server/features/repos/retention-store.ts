import { sql } from "kysely";
import type { JobState } from "@restic-manager/shared/domain/job.ts";
import { isEmptyRetention } from "@restic-manager/shared/domain/retention.ts";
import { retention } from "@restic-manager/shared/domain/source.ts";
import type { Retention } from "@restic-manager/shared/domain/source.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";
import { nameOf } from "./snapshot-store.ts";

/** Which repositories to look at; null is all of them. */
export type Ids = readonly string[] | null;

/** A source group as `forget` addresses its snapshots, with what is to stay of them. */
export interface Policy {
  readonly repositoryId: string;
  /** restic `--host` and `--tag`. */
  readonly host: string;
  readonly tag: string;
  readonly retention: Retention;
  readonly since: string;
}

export interface Policies {
  readonly policies: readonly Policy[];
  /**
   * Left out: another host of the same host name has a group of the same name there, or had one and its snapshots are
   * there still. restic cannot tell their snapshots apart, and the policy of one would remove those of the other.
   */
  readonly clashing: readonly Policy[];
}

/** What is to be kept in repositories, by group. Groups without a policy keep everything and are not here. */
export async function findPolicies(
  db: Db | Trx,
  ids: Ids,
): Promise<Map<string, Policies>> {
  const rows = await groups(db, ids).execute();
  // Most groups of a fleet have one of a few policies.
  const texts = new Set(rows.map((row) => row.retention));
  const read = new Map(
    [...texts].map((text) => [text, retention.parse(JSON.parse(text))]),
  );
  const makers = await makersOfNames(db, ids);
  const byName = Map.groupBy(rows, nameIn);
  const isClashing = (row: Group) =>
    byName.get(nameIn(row))?.length !== 1 ||
    makers.get(nameIn(row))?.some(({ host_id }) => host_id !== row.host_id);
  const policiesOf = (own: readonly Group[]) =>
    own.flatMap(({ repository_id, hostname, tag, since, ...row }) => {
      const kept = read.get(row.retention) ?? {};
      if (isEmptyRetention(kept)) return [];
      const address = { repositoryId: repository_id, host: hostname, tag };
      return [{ ...address, retention: kept, since }];
    });
  const byRepository = Map.groupBy(rows, (row) => row.repository_id);
  return new Map(
    [...byRepository].map(([repositoryId, own]) => [
      repositoryId,
      {
        policies: policiesOf(own.filter((row) => !isClashing(row))),
        clashing: policiesOf(own.filter(isClashing)),
      },
    ]),
  );
}

function nameIn(of: {
  readonly repository_id: string;
  readonly hostname: string;
  readonly tag: string;
}): string {
  return `${of.repository_id} ${nameOf(of)}`;
}

/**
 * Who made the snapshots that repositories list, by name; null is one of several hosts. Of all repositories only those
 * whose name was shared when they were last listed: to read every snapshot each minute would hold up everybody.
 */
async function makersOfNames(db: Db | Trx, ids: Ids) {
  const listed = db
    .selectFrom("snapshots")
    .select(["repository_id", "hostname", "tags", "host_id"])
    .distinct();
  const rows = await (
    ids === null
      ? listed.where("shared_name", "=", sql.lit(1))
      : listed
          .where("repository_id", "in", ids)
          .where((eb) =>
            eb.or([eb("host_id", "is not", null), eb("shared_name", "=", 1)]),
          )
  ).execute();
  const makers = rows.flatMap(({ tags, ...row }) =>
    (JSON.parse(tags) as string[]).map((tag) => ({ ...row, tag })),
  );
  return Map.groupBy(makers, nameIn);
}

type Group = Awaited<ReturnType<ReturnType<typeof groups>["execute"]>>[number];

function groups(db: Db | Trx, ids: Ids) {
  return db
    .selectFrom("source_groups")
    .innerJoin("hosts", "hosts.id", "source_groups.host_id")
    .leftJoin("host_repositories as standard", (join) =>
      join
        .onRef("standard.host_id", "=", "hosts.id")
        .on("standard.is_default", "=", 1),
    )
    .select((eb) => [
      "hosts.id as host_id",
      "hosts.hostname",
      "source_groups.name as tag",
      "source_groups.retention",
      "source_groups.updated_at as since",
      eb.fn
        .coalesce("source_groups.repository_id", "standard.repository_id")
        .as("repository_id"),
    ])
    .$narrowType<{ repository_id: string }>()
    .where((eb) => {
      const repository = eb.fn.coalesce(
        "source_groups.repository_id",
        "standard.repository_id",
      );
      return ids === null
        ? eb(repository, "is not", null)
        : eb(repository, "in", ids);
    })
    .orderBy("hosts.hostname")
    .orderBy("source_groups.name");
}

export type ForgetRecord = Awaited<ReturnType<typeof findForgets>>[number];

/** How forget stands in repositories. */
export async function findForgets(db: Db | Trx, ids: Ids) {
  const ended = (what: "status" | "finished_at", states: readonly JobState[]) =>
    sql<string | null>`(SELECT ${sql.ref(`j.${what}`)} FROM jobs j
      WHERE j.repository_id = repositories.id AND j.kind = 'forget'
        AND j.finished_at IS NOT NULL AND j.status IN (${sql.join(states)})
      ORDER BY j.queued_at DESC LIMIT 1)`;
  const worked = ["succeeded", "succeeded_with_issues"] as const;
  return db
    .selectFrom("repositories")
    .innerJoin(
      "repository_maintenance as upkeep",
      "upkeep.repository_id",
      "repositories.id",
    )
    .leftJoin("repository_credentials as admin", (join) =>
      join
        .onRef("admin.repository_id", "=", "repositories.id")
        .on("admin.kind", "=", "admin"),
    )
    .leftJoin("hosts as runner", "runner.id", "upkeep.runner_host_id")
    .select([
      "repositories.id",
      "repositories.name",
      "repositories.created_at",
      "admin.updated_at as admin_since",
      "upkeep.forget_cron as cron",
      "upkeep.forget_enabled as enabled",
      "runner.tz as runner_tz",
      "runner.always_on as runner_always_on",
      ended("status", [...worked, "failed", "lost"]).as("last_state"),
      ended("finished_at", ["failed", "lost"]).as("failed_at"),
      ended("finished_at", worked).as("worked_at"),
      sql<
        string | null
      >`(SELECT h.tz FROM host_repositories u JOIN hosts h ON h.id = u.host_id
        WHERE u.repository_id = repositories.id ORDER BY h.always_on DESC, h.name LIMIT 1)`.as(
        "first_tz",
      ),
      sql<
        number | null
      >`(SELECT max(h.always_on) FROM host_repositories u JOIN hosts h ON h.id = u.host_id
        WHERE u.repository_id = repositories.id)`.as("any_always_on"),
    ])
    .$if(ids !== null, (query) =>
      query.where("repositories.id", "in", ids ?? []),
    )
    .execute();
}
