import { sql } from "kysely";
import { mostRunners } from "@restic-manager/shared/api/maintenance.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

/** A host that may do the upkeep of a repository. */
export interface Runner {
  readonly id: string;
  readonly name: string;
  readonly hostname: string;
  readonly alwaysOn: boolean;
  /** As the fleet page shows it: after a start of the server hosts keep it for a while, to come back. */
  readonly status: "online" | "offline";
  readonly usesRepository: boolean;
}

function hosts(db: Db | Trx, repositoryId: string) {
  return db
    .selectFrom("hosts")
    .leftJoin("host_repositories as use", (join) =>
      join
        .onRef("use.host_id", "=", "hosts.id")
        .on("use.repository_id", "=", repositoryId),
    )
    .select(["id", "name", "hostname", "always_on", "status"])
    .select("use.repository_id as uses")
    .orderBy(sql`uses IS NOT NULL`, "desc")
    .orderBy("always_on", "desc")
    .orderBy("name");
}

type Row = Awaited<ReturnType<ReturnType<typeof hosts>["execute"]>>[number];

function toRunner({ always_on, uses, ...host }: Row): Runner {
  return { ...host, alwaysOn: always_on === 1, usesRepository: uses !== null };
}

/** Hosts that may do it as it is set, in the order in which they are asked; none when nobody uses the repository. */
export async function possibleRunners(
  db: Db | Trx,
  repositoryId: string,
  runnerId: string | null,
): Promise<Runner[]> {
  const all = hosts(db, repositoryId);
  const rows = await (
    runnerId === null
      ? all.where("use.repository_id", "is not", null)
      : all.where("hosts.id", "=", runnerId)
  ).execute();
  return rows.map(toRunner);
}

/** Every host there is, for a person to choose from; those that use the repository first. */
export async function allRunners(
  db: Db | Trx,
  repositoryId: string,
): Promise<Runner[]> {
  const rows = await hosts(db, repositoryId).limit(mostRunners).execute();
  return rows.map(toRunner);
}
