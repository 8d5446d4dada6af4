import { sql } from "kysely";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

/** A host that may do the upkeep of a repository. */
export interface Runner {
  readonly id: string;
  readonly name: string;
  readonly hostname: string;
  readonly tz: string;
  readonly alwaysOn: boolean;
  /** As the fleet page shows it: after a start of the server hosts keep it for a while, to come back. */
  readonly status: "online" | "offline";
  readonly usesRepository: boolean;
}

/** The hosts that use a repository, those that are always on first; with `every` all the others after them. */
async function find(
  db: Db | Trx,
  repositoryId: string,
  which: "users" | "every" | { readonly id: string },
): Promise<Runner[]> {
  const uses = sql<number>`EXISTS (SELECT 1 FROM host_repositories u
    WHERE u.host_id = hosts.id AND u.repository_id = ${repositoryId})`;
  let query = db
    .selectFrom("hosts")
    .select(["id", "name", "hostname", "tz", "always_on", "status"])
    .select(uses.as("uses"))
    .orderBy(uses, "desc")
    .orderBy("always_on", "desc")
    .orderBy("name");
  if (which === "users") query = query.where(uses, "=", 1);
  else if (which !== "every") query = query.where("id", "=", which.id);
  const rows = await query.execute();
  return rows.map(({ always_on, uses: usesIt, ...host }) => ({
    ...host,
    alwaysOn: always_on === 1,
    usesRepository: usesIt === 1,
  }));
}

/** Hosts that may do it as it is set, in the order in which they are asked; none when nobody uses the repository. */
export function possibleRunners(
  db: Db | Trx,
  repositoryId: string,
  runnerId: string | null,
): Promise<Runner[]> {
  return find(db, repositoryId, runnerId === null ? "users" : { id: runnerId });
}

/** Every host there is, for a person to choose from. */
export function allRunners(
  db: Db | Trx,
  repositoryId: string,
): Promise<Runner[]> {
  return find(db, repositoryId, "every");
}
