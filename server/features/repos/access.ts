import type { Trx } from "../../ports/transaction.ts";
import { withAdminAccess } from "./admin-access.ts";
import type { RepositoryAccess } from "./admin-access.ts";
import type { CredentialBox } from "./credentials.ts";
import * as store from "./store.ts";

/** What opens a repository. Leaves the server sealed to one agent, and no other way. */
export interface CredentialReader {
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
  /** Whether there is an access with the right to delete, readable or not. */
  mayDelete(trx: Trx, repositoryId: string, hostId: string): Promise<boolean>;
}

export function createAccess(credentials: CredentialBox): CredentialReader {
  async function find(trx: Trx, repositoryId: string, hostId: string) {
    const record = await store.findRepository(trx, repositoryId);
    const rows = await store.credentialsOf(trx, repositoryId);
    const row =
      rows.find((r) => r.host_id === hostId) ??
      rows.find((r) => r.host_id === null);
    return record === null || row === undefined
      ? null
      : { url: record.url, row };
  }

  async function own(
    trx: Trx,
    repositoryId: string,
    hostId: string,
  ): Promise<RepositoryAccess | null> {
    const found = await find(trx, repositoryId, hostId);
    if (found === null) return null;
    const { url, row } = found;
    const key = { repositoryId, hostId: row.host_id };
    return { url, credential: credentials.open(key, row.sealed) };
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
    async mayDelete(trx, repositoryId, hostId) {
      const row = await store.adminCredentialOf(trx, repositoryId);
      return row !== null && (await find(trx, repositoryId, hostId)) !== null;
    },
  };
}
