import type {
  HostRemoved,
  LeftKey,
  removeBody,
} from "@restic-manager/shared/api/hosts.ts";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { z } from "zod";
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
import { deleteHost, deleteLog, findHost, jobsWithLogs } from "./store.ts";

/** What the feature of repositories does when a host goes. */
export interface RepositoriesOfHost {
  /** Those that no other host uses. */
  onlyOf(trx: Trx, hostId: string): Promise<{ id: string; name: string }[]>;
  /** Keys of restores on other hosts that may still open them. */
  keysIn(trx: Trx, ids: readonly string[]): Promise<LeftKey[]>;
  /** Takes them off the list, with all that is known of them; to be called when nothing refers to them. */
  drop(trx: Trx, ids: readonly string[]): Promise<void>;
  /** Turns off the removing that the host was chosen to do. */
  stopUpkeepBy(
    trx: Trx,
    hostId: string,
  ): Promise<{ id: string; name: string }[]>;
}

/**
 * Removes a host whose name was typed: its access, its history, and repositories that only it used. Its key is
 * remembered, so that its agent is told. Keys of restores that are left in those repositories are told and noted, since
 * nothing here knows of them afterwards. @throws AppError `host_not_found`, `name_mismatch`, `temporary_keys_left`
 */
export type Remove = (
  hostId: string,
  asked: z.output<typeof removeBody>,
  by: Initiator,
) => Promise<HostRemoved>;

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

  async function plan(trx: Trx, hostId: string) {
    const host = await findHost(trx, hostId);
    if (host === null) throw new AppError("host_not_found");
    const unused = await repositories.onlyOf(trx, hostId);
    const ids = unused.map(({ id }) => id);
    const left_keys = await repositories.keysIn(trx, ids);
    return { host, unused, ids, left_keys };
  }

  return async (hostId, { name, leave_keys }, by) => {
    await tx.run(async (trx) => {
      const { host, left_keys } = await plan(trx, hostId);
      if (host.name !== name) throw new AppError("name_mismatch");
      if (left_keys.length > 0 && !leave_keys) throw keysLeft(left_keys);
    });
    // A million lines in one transaction would hold everybody up for seconds.
    for (const jobId of await jobsWithLogs(deps.db, hostId)) {
      await tx.run((trx) => deleteLog(trx, jobId));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { publicKey, stopped, left_keys } = await tx.run(async (trx) => {
      // With its logs gone there is no way back: keys of restores that began meanwhile are told instead, and a new name is no matter.
      const { host, unused, ids, left_keys } = await plan(trx, hostId);
      await endKey(trx, host, "removed", toTimestamp(deps.clock.now()));
      const stopped = await repositories.stopUpkeepBy(trx, hostId);
      await deleteHost(trx, hostId);
      await repositories.drop(trx, ids);
      await audit.record(trx, by, {
        action: "host.remove",
        target: { kind: "host", id: hostId },
        payload: {
          name: host.name,
          hostname: host.hostname,
          fingerprint: host.fingerprint,
          repositories: unused.map((repository) => repository.name),
          upkeep_stopped: stopped.map((repository) => repository.name),
          left_keys: left_keys.map(
            (key) => `${key.repository}: ${asListed(key)}`,
          ),
        },
      });
      return { publicKey: host.public_key, stopped, left_keys };
    });
    deps.hostKeys.forget(hostId);
    deps.presence.forget(hostId);
    deps.instances.forget(hostId);
    events.emit({ type: "host.removed", hostId });
    for (const { id: repositoryId } of stopped) {
      events.emit({ type: "repository.changed", repositoryId });
    }
    await deps.formerKeys.cut(publicKey);
    return { left_keys };
  };
}

function keysLeft(keys: readonly LeftKey[]): AppError {
  const byRepository = Map.groupBy(keys, ({ repository }) => repository);
  const named = [...byRepository].map(([repository, keys]) => {
    return `${repository}: ${keys.map((key) => asListed(key)).join(", ")}`;
  });
  return new AppError("temporary_keys_left", {
    message: `Keys of restores on other hosts may still open repositories that would go with this host, and nothing else would know of them. ${named.join("; ")}. The server removes each by itself once its restore has ended and the host that does the upkeep is online: remove this host after that. Or leave them there (leave_keys), and remove them yourself with restic key list and restic key remove.`,
  });
}

/** restic takes any beginning of the id that is one key's alone. */
function asListed({ label, key_id }: LeftKey): string {
  return key_id === null ? label : `${label} (key ${key_id.slice(0, 16)})`;
}
