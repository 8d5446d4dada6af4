import type { Trx } from "../../ports/transaction.ts";
import { withAdminAccess } from "./admin-access.ts";
import type { RepositoryAccess } from "./admin-access.ts";
import type { CredentialBox } from "./credentials.ts";
import * as store from "./store.ts";

/** What opens a repository. Leaves the server sealed to one agent, and no other way. */
export interface Access {
  /** As a host uses it; null when there is nothing to open it with. */
  own(
    trx: Trx,
    repositoryId: string,
    hostId: string,
  ): Promise<RepositoryAccess | null>;
  /** With the right to delete; null without an admin credential. */
  admin(
    trx: Trx,
    repositoryId: string,
    hostId: string,
  ): Promise<RepositoryAccess | null>;
}

export function createAccess(credentials: CredentialBox): Access {
  async function own(
    trx: Trx,
    repositoryId: string,
    hostId: string,
  ): Promise<RepositoryAccess | null> {
    const record = await store.findRepository(trx, repositoryId);
    const rows = await store.credentialsOf(trx, repositoryId);
    const row =
      rows.find((r) => r.host_id === hostId) ??
      rows.find((r) => r.host_id === null);
    if (record === null || row === undefined) return null;
    const key = { repositoryId, hostId: row.host_id };
    return { url: record.url, credential: credentials.open(key, row.sealed) };
  }

  return {
    own,
    async admin(trx, repositoryId, hostId) {
      const base = await own(trx, repositoryId, hostId);
      const row = await store.adminCredentialOf(trx, repositoryId);
      if (base === null || row === null) return null;
      const admin = credentials.openAdmin(repositoryId, row.sealed);
      return withAdminAccess(base, admin);
    },
  };
}
