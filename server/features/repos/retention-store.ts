import { sql } from "kysely";
import type { JobState } from "@restic-manager/shared/domain/job.ts";
import { isEmptyRetention } from "@restic-manager/shared/domain/retention.ts";
import { retention } from "@restic-manager/shared/domain/source.ts";
import type { Retention } from "@restic-manager/shared/domain/source.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

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
   * Left out: another host of the same host name has a group of the same name there, restic cannot tell their snapshots
   * apart, and the policy of one would remove those of the other.
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
  const byRepository = Map.groupBy(rows, (row) => row.repository_id);
  return new Map(
    [...byRepository].map(([repositoryId, own]) => {
      const hosts = Map.groupBy(own, nameOf);
      const policies = own.flatMap((row) => {
        const kept = read.get(row.retention) ?? {};
        if (isEmptyRetention(kept)) return [];
        const { host, tag, since } = row;
        return [{ repositoryId, host, tag, retention: kept, since }];
      });
      const isAlone = (policy: Policy) =>
        hosts.get(nameOf(policy))?.length === 1;
      return [
        repositoryId,
        {
          policies: policies.filter(isAlone),
          clashing: policies.filter((policy) => !isAlone(policy)),
        },
      ];
    }),
  );
}

/** restic compares both as they are; two hosts may still be called alike. */
function nameOf({ host, tag }: { host: string; tag: string }): string {
  return JSON.stringify([host, tag]);
}

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
      "hosts.hostname as host",
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
