import type { Trx } from "../../ports/transaction.ts";
import type { CredentialReader } from "../repos/access.ts";
import { findHost } from "./store.ts";
import type { FindKeeper } from "./temporary-keys.ts";

/** Hosts that may work on a repository, in the order in which they are asked. */
export type RunnersOf = (
  trx: Trx,
  repositoryId: string,
) => Promise<readonly { readonly id: string }[]>;

export function createFindKeeper(deps: {
  access: CredentialReader;
  presence: { isOnline(hostId: string): boolean };
  keepersOf: RunnersOf;
}): FindKeeper {
  const { access, presence } = deps;
  return async (trx, repositoryId) => {
    const keepers = await deps.keepersOf(trx, repositoryId);
    const keeper = keepers.find(({ id }) => presence.isOnline(id));
    if (keeper === undefined) return null;
    const host = await findHost(trx, keeper.id, repositoryId);
    const admin = await access.admin(trx, repositoryId, keeper.id);
    if (host === null || admin === null) return null;
    return { hostId: host.id, x25519: host.x25519, access: admin };
  };
}
