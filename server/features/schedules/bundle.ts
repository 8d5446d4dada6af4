import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import type {
  ConfigAnswer,
  ConfigBundle,
  ConfigRequest,
} from "@restic-manager/shared/protocol/config.ts";
import { AppError } from "../../app-error.ts";
import type { ServerIdentity } from "../../identity.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Trx } from "../../ports/transaction.ts";
import { findRecipient } from "./store.ts";

/** What other features put into a host's configuration. */
export interface BundleParts {
  repositories(trx: Trx, hostId: string): Promise<ConfigBundle["repositories"]>;
  groups(trx: Trx, hostId: string): Promise<ConfigBundle["groups"]>;
  schedules(trx: Trx, hostId: string): Promise<ConfigBundle["schedules"]>;
}

/**
 * Answers `cfg.get`: the whole configuration of the asking host, sealed to it.
 * @throws AppError `host_not_set_up` while there is none.
 */
export function createBundleAnswer(deps: {
  tx: Transaction;
  identity: Pick<ServerIdentity, "sealFor">;
  parts: BundleParts;
  /** Further URLs under which agents reach the server. */
  addresses: readonly string[];
}): (hostId: string, request: ConfigRequest) => Promise<ConfigAnswer> {
  const { tx, identity, parts } = deps;

  return async (hostId, request) => {
    // One transaction: the revision must be the one of exactly these parts.
    const { host, bundle } = await tx.run(async (trx) => {
      const host = await findRecipient(trx, hostId);
      if (host === null) throw new AppError("host_not_found");
      if (host.cfg_rev === 0) throw new AppError("host_not_set_up");
      const bundle: ConfigBundle = {
        host: hostId,
        rev: host.cfg_rev,
        addresses: [...deps.addresses],
        repositories: await parts.repositories(trx, hostId),
        groups: await parts.groups(trx, hostId),
        schedules: await parts.schedules(trx, hostId),
      };
      return { host, bundle };
    });
    const plaintext = new TextEncoder().encode(JSON.stringify(bundle));
    return {
      host: hostId,
      t: request.t,
      rev: bundle.rev,
      box: toBase64Url(identity.sealFor(host, "config", bundle.rev, plaintext)),
    };
  };
}
