import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import type {
  ConfigAnswer,
  ConfigBundle,
  ConfigRequest,
} from "@restic-manager/shared/protocol/config.ts";
import { AppError } from "../../app-error.ts";
import type { ServerIdentity } from "../../identity.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import { findRecipient } from "./store.ts";

/** What other features put into a host's configuration. */
export interface BundleParts {
  repositories(trx: Trx, hostId: string): Promise<ConfigBundle["repositories"]>;
  groups(trx: Trx, hostId: string): Promise<ConfigBundle["groups"]>;
  schedules(trx: Trx, hostId: string): Promise<ConfigBundle["schedules"]>;
}

type Recipient = NonNullable<Awaited<ReturnType<typeof findRecipient>>>;

/** Puts together the whole configuration of a host. */
export function createBundler(deps: {
  parts: BundleParts;
  /** Further URLs under which agents reach the server. */
  addresses: readonly string[];
}) {
  const { parts } = deps;
  /** @throws AppError `host_not_found` */
  return async (
    trx: Trx,
    hostId: string,
  ): Promise<{ host: Recipient; bundle: ConfigBundle }> => {
    const host = await findRecipient(trx, hostId);
    if (host === null) throw new AppError("host_not_found");
    const bundle: ConfigBundle = {
      host: hostId,
      rev: host.cfg_rev,
      addresses: [...deps.addresses],
      limits: {
        up_kbps: host.bandwidth_up_kbps,
        down_kbps: host.bandwidth_down_kbps,
      },
      index: host.index_enabled === 1,
      hook_shell: host.hook_shell && JSON.parse(host.hook_shell),
      repositories: await parts.repositories(trx, hostId),
      groups: await parts.groups(trx, hostId),
      schedules: await parts.schedules(trx, hostId),
    };
    return { host, bundle };
  };
}

export type Bundler = ReturnType<typeof createBundler>;

export const bytesOf = (bundle: ConfigBundle) =>
  new TextEncoder().encode(JSON.stringify(bundle));

/**
 * Answers `cfg.get`: the whole configuration of the asking host, sealed to it.
 * @throws AppError `host_not_set_up` while there is none.
 */
export function createBundleAnswer(deps: {
  tx: Transaction;
  identity: Pick<ServerIdentity, "sealFor">;
  bundler: Bundler;
}): (hostId: string, request: ConfigRequest) => Promise<ConfigAnswer> {
  const { tx, identity, bundler } = deps;

  return async (hostId, request) => {
    // One transaction: the revision must be the one of exactly these parts.
    const { host, bundle } = await tx.run((trx) => bundler(trx, hostId));
    if (bundle.rev === 0) throw new AppError("host_not_set_up");
    const box = identity.sealFor(host, "config", bundle.rev, bytesOf(bundle));
    return {
      host: hostId,
      t: request.t,
      rev: bundle.rev,
      box: toBase64Url(box),
    };
  };
}
