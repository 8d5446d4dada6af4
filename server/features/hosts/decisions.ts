import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { PendingHost } from "@restic-manager/shared/api/hosts.ts";
import { parseFingerprint } from "@restic-manager/shared/identity/fingerprint.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import { described } from "./admission.ts";
import type { Admit } from "./admission.ts";
import * as pending from "./pending-store.ts";
import type { PendingRecord, WaitingRecord } from "./pending-store.ts";
import type { Waiters } from "./waiters.ts";

/** What a person does with hosts that wait. */
export interface Decisions {
  list(): Promise<PendingHost[]>;
  /**
   * Makes it a host and returns its id. `fingerprint` is what the person compared, in any spelling.
   * @throws AppError `pending_not_found`, `pending_decided`, `fingerprint_mismatch`
   */
  accept(id: string, fingerprint: string, by: Initiator): Promise<string>;
  /** @throws AppError `pending_not_found`, `pending_decided` */
  reject(id: string, by: Initiator): Promise<void>;
}

export function createDecisions(deps: {
  readonly db: Db;
  readonly tx: Transaction;
  readonly audit: Audit;
  readonly events: Events;
  readonly waiters: Waiters;
  readonly admit: Admit;
  readonly clock: Clock;
  /** How long a decision is kept for an agent that was away, in milliseconds. */
  readonly pendingExpiryMs: number;
}): Decisions {
  const { tx, audit, events } = deps;
  const now = () => toTimestamp(deps.clock.now());

  /** The row while it can still be decided: of two people at once the second one is told. */
  async function undecided(trx: Trx, id: string): Promise<PendingRecord> {
    const row = await pending.findPending(trx, id, now());
    if (row === null || row.proved_at === null)
      throw new AppError("pending_not_found");
    if (row.decision !== null) throw new AppError("pending_decided");
    return row;
  }

  function tell(id: string): void {
    deps.waiters.wake(id);
    events.emit({ type: "pending.changed" });
  }

  return {
    async list() {
      const rows = await pending.listWaiting(deps.db, now());
      return rows.map(toPendingHost);
    },

    async accept(id, fingerprint, by) {
      const compared = parseFingerprint(fingerprint);
      const hostId = await tx.run(async (trx) => {
        const row = await undecided(trx, id);
        if (compared !== row.fingerprint)
          throw new AppError("fingerprint_mismatch");
        return deps.admit(trx, row, row.hostname, by);
      });
      tell(id);
      events.emit({ type: "host.changed", hostId });
      return hostId;
    },

    async reject(id, by) {
      await tx.run(async (trx) => {
        const row = await undecided(trx, id);
        await pending.decidePending(trx, id, {
          decision: "rejected",
          decided_at: now(),
          host_id: null,
          expires_at: toTimestamp(deps.clock.now() + deps.pendingExpiryMs),
        });
        await audit.record(trx, by, {
          action: "host.reject",
          target: { kind: "pending", id },
          payload: described(row),
        });
      });
      tell(id);
    },
  };
}

function toPendingHost(row: WaitingRecord): PendingHost {
  return {
    id: row.id,
    hostname: row.hostname,
    os: row.os,
    arch: row.arch,
    agent_version: row.agent_version,
    restic_version: row.restic_version,
    fingerprint: row.fingerprint,
    announced_from_ip: row.announced_from_ip,
    announced_at: row.first_seen_at,
    last_seen_at: row.last_seen_at,
    expires_at: row.expires_at,
    collision:
      row.host_clash > 0 ? "host" : row.pending_clash > 0 ? "pending" : "none",
    removed:
      row.removed_until === null
        ? null
        : { name: row.removed_host_name ?? "", at: row.removed_until },
  };
}
