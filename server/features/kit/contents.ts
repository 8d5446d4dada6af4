import type { RepoCredential } from "@restic-manager/shared/domain/repo.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

/** What opens a repository, as the repositories' keeper gives it. */
export interface OpenAccess {
  readonly url: string;
  readonly credential: RepoCredential;
}

export interface AccessReader {
  own(
    trx: Trx,
    repositoryId: string,
    hostId: string,
  ): Promise<OpenAccess | null>;
  admin(
    trx: Trx,
    repositoryId: string,
    hostId: string,
  ): Promise<OpenAccess | null>;
}

/** One repository as one or more hosts open it. */
export interface KitEntry {
  readonly name: string;
  readonly access: OpenAccess;
  /** Access that may delete, where it is another one. */
  readonly admin: OpenAccess | null;
  readonly hosts: readonly KitHost[];
}

export interface KitHost {
  readonly name: string;
  /** restic's `--host`. */
  readonly hostname: string;
  readonly groups: readonly {
    readonly tag: string;
    readonly paths: string[];
  }[];
}

/** Every repository that a host uses, by name. Hosts that open one in the same way stand together. */
export async function readKit(
  trx: Trx,
  reader: AccessReader,
): Promise<KitEntry[]> {
  const uses = await trx
    .selectFrom("host_repositories as use")
    .innerJoin("repositories", "repositories.id", "use.repository_id")
    .innerJoin("hosts", "hosts.id", "use.host_id")
    .select([
      "repositories.id as repository_id",
      "repositories.name as repository",
      "hosts.id as host_id",
      "hosts.name as host",
      "hosts.hostname",
      "use.is_default",
    ])
    .orderBy("repositories.name")
    .orderBy("repositories.id")
    .orderBy("hosts.name")
    .execute();
  const entries = new Map<string, KitEntry & { hosts: KitHost[] }>();
  for (const use of uses) {
    const access = await reader.own(trx, use.repository_id, use.host_id);
    if (access === null) continue;
    const key = JSON.stringify([use.repository_id, access]);
    const entry = entries.get(key) ?? {
      name: use.repository,
      access,
      admin: otherThan(
        access,
        await reader.admin(trx, use.repository_id, use.host_id),
      ),
      hosts: [],
    };
    entries.set(key, entry);
    entry.hosts.push({
      name: use.host,
      hostname: use.hostname,
      groups: await groupsOf(trx, use),
    });
  }
  return [...entries.values()];
}

function otherThan(
  own: OpenAccess,
  admin: OpenAccess | null,
): OpenAccess | null {
  return Bun.deepEquals(own, admin) ? null : admin;
}

async function groupsOf(
  db: Db | Trx,
  use: { host_id: string; repository_id: string; is_default: number },
): Promise<KitHost["groups"]> {
  const rows = await db
    .selectFrom("source_groups")
    .select(["name", "includes"])
    .where("host_id", "=", use.host_id)
    .where((eb) =>
      eb.or([
        eb("repository_id", "=", use.repository_id),
        ...(use.is_default === 1 ? [eb("repository_id", "is", null)] : []),
      ]),
    )
    .orderBy("name")
    .execute();
  return rows.map(({ name, includes }) => ({
    tag: name,
    paths: JSON.parse(includes),
  }));
}
