import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { HostKeys } from "../../ports/host-keys.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import { endKey } from "./former-key-store.ts";
import type { FormerKeys } from "./former-keys.ts";
import type { Instances } from "./instances.ts";
import type { Presence } from "./presence.ts";
import {
  deleteHost,
  deleteLog,
  findHost,
  jobsWithLogs,
  type HostRecord,
} from "./store.ts";

/** What the feature of repositories does when a host goes. */
export interface RepositoriesOfHost {
  /** Those that no other host uses. */
  onlyOf(trx: Trx, hostId: string): Promise<{ id: string; name: string }[]>;
  /** Takes them off the list, with their credentials and snapshots; to be called when nothing refers to them. */
  drop(trx: Trx, ids: readonly string[]): Promise<void>;
  /** Turns off the removing that the host was chosen to do. */
  stopUpkeepBy(
    trx: Trx,
    hostId: string,
  ): Promise<{ id: string; name: string }[]>;
}

/**
 * Removes a host whose name was typed: its access, its history, and repositories that only it used. Its key is
 * remembered, so that its agent is told. @throws AppError `host_not_found`, `name_mismatch`
 */
export type Remove = (
  hostId: string,
  name: string,
  by: Initiator,
) => Promise<void>;

export function createRemove(deps: {
  readonly db: Db;
  readonly tx: Transaction;
  readonly audit: Audit;
  readonly events: Events;
  readonly hostKeys: Pick<HostKeys, "forget">;
  readonly formerKeys: Pick<FormerKeys, "cut">;
  readonly presence: Pick<Presence, "forget">;
  readonly instances: Pick<Instances, "forget">;
  readonly repositories: RepositoriesOfHost;
  readonly clock: Clock;
}): Remove {
  const { tx, audit, events, repositories } = deps;

  async function named(
    db: Db | Trx,
    hostId: string,
    name: string,
  ): Promise<HostRecord> {
    const host = await findHost(db, hostId);
    if (host === null) throw new AppError("host_not_found");
    if (host.name !== name) throw new AppError("name_mismatch");
    return host;
  }

  return async (hostId, name, by) => {
    await named(deps.db, hostId, name);
    // A million lines in one transaction would hold everybody up for seconds.
    for (const jobId of await jobsWithLogs(deps.db, hostId)) {
      await tx.run((trx) => deleteLog(trx, jobId));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { publicKey, stopped } = await tx.run(async (trx) => {
      const host = await named(trx, hostId, name);
      const unused = await repositories.onlyOf(trx, hostId);
      await endKey(trx, host, "removed", toTimestamp(deps.clock.now()));
      const stopped = await repositories.stopUpkeepBy(trx, hostId);
      await deleteHost(trx, hostId);
      await repositories.drop(
        trx,
        unused.map(({ id }) => id),
      );
      await audit.record(trx, by, {
        action: "host.remove",
        target: { kind: "host", id: hostId },
        payload: {
          name,
          hostname: host.hostname,
          fingerprint: host.fingerprint,
          repositories: unused.map((repository) => repository.name),
          upkeep_stopped: stopped.map((repository) => repository.name),
        },
      });
      return { publicKey: host.public_key, stopped };
    });
    deps.hostKeys.forget(hostId);
    deps.presence.forget(hostId);
    deps.instances.forget(hostId);
    events.emit({ type: "host.removed", hostId });
    for (const { id: repositoryId } of stopped) {
      events.emit({ type: "repository.changed", repositoryId });
    }
    await deps.formerKeys.cut(publicKey);
  };
}
