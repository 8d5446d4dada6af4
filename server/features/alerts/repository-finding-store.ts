import { sql } from "kysely";
import type { Repository } from "@restic-manager/shared/api/repos.ts";
import { upkeepKinds } from "@restic-manager/shared/domain/maintenance.ts";
import type {
  RepositoryLock,
  UpkeepKind,
} from "@restic-manager/shared/domain/maintenance.ts";
import type { Trx } from "../../ports/transaction.ts";
import type { Finding, Ids } from "./rules.ts";
import { cut, minute, nothingElse } from "./wording.ts";

type Retention = Repository["retention"];

/** Knows whether what people want to keep is what repositories keep; all of them for null. */
export interface RetentionStates {
  of(
    trx: Trx,
    repositories: Ids,
    now: number,
  ): Promise<
    readonly (Retention & {
      readonly repository_id: string;
      readonly name: string;
      readonly created_at: string;
      /** Since when it stands so. */
      readonly since: string;
    })[]
  >;
}

/** A new repository has not had its first forget yet. */
const newMs = 24 * 60 * 60 * 1000;

/** Everything that holds of these repositories. */
export async function findOfRepositories(
  trx: Trx,
  repositories: Ids,
  { now, retention }: { now: number; retention: RetentionStates },
): Promise<Finding[]> {
  const found = [await unusable(trx, repositories)];
  for (const kind of upkeepKinds)
    found.push(await failedUpkeep(trx, repositories, kind));
  found.push(await staleLocks(trx, repositories));
  found.push(await leftKeys(trx, repositories, now));
  found.push(unenforced(await retention.of(trx, repositories, now), now));
  return found.flat();
}

async function unusable(trx: Trx, repositories: Ids): Promise<Finding[]> {
  const rows = await trx
    .selectFrom("repositories")
    .select(["id", "name", "status_message", "status_at"])
    .where("status", "in", ["unreachable", "init_failed"])
    .$if(repositories !== null, (query) =>
      query.where("id", "in", repositories ?? []),
    )
    .execute();
  return rows.map(({ id, name, status_message, status_at }) => ({
    ...nothingElse,
    kind: "repo_unreachable",
    subject: id,
    repository_id: id,
    cause: status_at ?? "",
    message: cut(
      `The repository “${name}” cannot be used: ${status_message ?? "no reason was given."}`,
    ),
  }));
}

const words = { forget: "Forget", prune: "Prune", check: "The check" } as const;

/** The newest upkeep of a kind that anybody let end; one that was cancelled says nothing. */
async function failedUpkeep(
  trx: Trx,
  repositories: Ids,
  kind: UpkeepKind,
): Promise<Finding[]> {
  const newest = sql<string>`(SELECT j.id FROM jobs j
    WHERE j.repository_id = repositories.id AND j.kind = ${kind}
      AND j.finished_at IS NOT NULL AND j.status <> 'cancelled'
    ORDER BY j.queued_at DESC LIMIT 1)`;
  const rows = await trx
    .selectFrom("repositories")
    .innerJoin("jobs", (join) => join.on("jobs.id", "=", newest))
    .innerJoin("hosts", "hosts.id", "jobs.host_id")
    .select([
      "repositories.id",
      "repositories.name",
      "hosts.name as host_name",
      "jobs.id as job_id",
      "jobs.status",
      "jobs.error",
    ])
    .where("jobs.status", "in", ["failed", "lost"])
    .$if(repositories !== null, (query) =>
      query.where("repositories.id", "in", repositories ?? []),
    )
    .execute();
  return rows.map((row) => ({
    ...nothingElse,
    kind: `${kind}_failed`,
    subject: row.id,
    repository_id: row.id,
    job_id: row.job_id,
    cause: row.job_id,
    message: cut(
      `${words[kind]} of the repository “${row.name}” by ${row.host_name} ${row.status === "lost" ? "was lost" : "failed"}: ${row.error ?? "the agent gave no reason."}`,
    ),
  }));
}

async function staleLocks(trx: Trx, repositories: Ids): Promise<Finding[]> {
  const rows = await trx
    .selectFrom("repository_stats as stats")
    .innerJoin("repositories", "repositories.id", "stats.repository_id")
    .select(["repositories.id", "repositories.name", "stats.locks"])
    .where("stats.locks", "<>", "[]")
    .$if(repositories !== null, (query) =>
      query.where("repositories.id", "in", repositories ?? []),
    )
    .execute();
  return rows.flatMap(({ id, name, locks }) => {
    const all: RepositoryLock[] = JSON.parse(locks ?? "[]");
    const stale = all.filter(({ state }) => state !== "live");
    const [first] = stale;
    if (first === undefined) return [];
    const others =
      stale.length === 1 ? "" : ` and ${stale.length - 1} more locks`;
    return {
      ...nothingElse,
      kind: "stale_lock",
      subject: id,
      repository_id: id,
      cause: stale
        .map((lock) => lock.id)
        .toSorted()
        .join(" "),
      message: cut(
        `The repository “${name}” is locked by what nobody uses any more: a restic on ${first.hostname} (process ${first.pid}) that was last there at ${instant(first.time)}${others}. Forget, prune and check wait for it; if nothing uses the repository, unlock it on its page.`,
      ),
    } satisfies Finding;
  });
}

/** Its keeper may have been away for a moment. */
const removalMs = 15 * 60_000;

/** Passwords of ended restores on other hosts, that still open their repository. */
async function leftKeys(
  trx: Trx,
  repositories: Ids,
  now: number,
): Promise<Finding[]> {
  const rows = await trx
    .selectFrom("temporary_keys as key")
    .innerJoin("repositories", "repositories.id", "key.repository_id")
    .leftJoin("jobs", "jobs.id", "key.job_id")
    .leftJoin("hosts", "hosts.id", "jobs.host_id")
    .select([
      "key.id as key_id",
      "key.last_error",
      "repositories.id",
      "repositories.name",
      "hosts.name as host_name",
    ])
    .where("key.last_error", "is not", null)
    .where(
      (eb) => eb.fn.coalesce("jobs.finished_at", "key.made_at"),
      "<=",
      new Date(now - removalMs).toISOString(),
    )
    .$if(repositories !== null, (query) =>
      query.where("repositories.id", "in", repositories ?? []),
    )
    .orderBy("key.id")
    .execute();
  return [...Map.groupBy(rows, ({ id }) => id).values()].flatMap((left) => {
    const [first] = left;
    if (first === undefined) return [];
    const { id, name, host_name, last_error } = first;
    return {
      ...nothingElse,
      kind: "temporary_key_left",
      subject: id,
      repository_id: id,
      cause: left.map(({ key_id }) => key_id).join(" "),
      message: cut(
        `A password that was made for a restore on ${host_name ?? "another host"} still opens the repository “${name}”: ${last_error ?? ""} Removing it is tried again until it is gone.`,
      ),
    } satisfies Finding;
  });
}

/** restic writes the zone of its host. */
function instant(time: string): string {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? time : minute(new Date(ms).toISOString());
}

function unenforced(
  states: Awaited<ReturnType<RetentionStates["of"]>>,
  now: number,
): Finding[] {
  return states.flatMap(
    ({ repository_id, name, created_at, state, reason, since }) => {
      const isNew = now - Date.parse(created_at) < newMs;
      if (state !== "not_enforced" || reason === null || isNew) return [];
      return {
        ...nothingElse,
        kind: "retention_not_enforced",
        subject: repository_id,
        repository_id,
        cause: `${reason} ${since}`,
        message: cut(
          `Nothing is removed from the repository “${name}” although a policy says so: ${reasons[reason]}`,
        ),
      } satisfies Finding;
    },
  );
}

const reasons: Record<NonNullable<Retention["reason"]>, string> = {
  admin_credential_missing:
    "it has no admin credential, which forget needs. Set one on its page.",
  forget_off: "its forget is switched off.",
  forget_failing: "its last forget failed; the job's log says why.",
  forget_overdue: "its forget is overdue. Its page says why it did not run.",
  names_clash:
    "two hosts of one hostname have, or had, source groups of one name, whose snapshots restic cannot tell apart. Give each of these groups a new name; what was backed up under the old one stays.",
};
