import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Trx } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import { decidePending } from "./pending-store.ts";
import type { PendingRecord } from "./pending-store.ts";
import { freeName, insertHost } from "./store.ts";
import type { NewHost } from "./store.ts";

/**
 * Makes a host of an announcement that somebody approved, and returns its id. `name` is what it is to be called; a
 * number is put behind it when another host has that name.
 */
export type Admit = (
  trx: Trx,
  row: PendingRecord,
  name: string,
  by: Initiator,
) => Promise<string>;

export function createAdmit(deps: {
  readonly audit: Audit;
  readonly random: Pick<Random, "hostId">;
  readonly clock: Clock;
  /** How long a decision is kept for an agent that was away, in milliseconds. */
  readonly pendingExpiryMs: number;
}): Admit {
  return async (trx, row, wanted, by) => {
    const now = deps.clock.now();
    const decided_at = toTimestamp(now);
    const id = deps.random.hostId();
    const name = await freeName(trx, wanted);
    await insertHost(trx, toNewHost(row, id, by, decided_at), name);
    await decidePending(trx, row.id, {
      decision: "approved",
      decided_at,
      host_id: id,
      expires_at: toTimestamp(now + deps.pendingExpiryMs),
    });
    await deps.audit.record(trx, by, {
      action: "host.approve",
      target: { kind: "host", id },
      payload: { name, ...described(row) },
    });
    return id;
  };
}

/** What an audit row says of an announcement. */
export function described(row: PendingRecord) {
  return {
    hostname: row.hostname,
    fingerprint: row.fingerprint,
    announced_from_ip: row.announced_from_ip,
  };
}

function toNewHost(
  row: PendingRecord,
  id: string,
  by: Initiator,
  approved_at: string,
): NewHost {
  return {
    id,
    hostname: row.hostname,
    os: row.os,
    arch: row.arch,
    tz: row.tz,
    agent_version: row.agent_version,
    public_key: row.public_key,
    fingerprint: row.fingerprint,
    x25519: row.x25519,
    announced_from_ip: row.announced_from_ip,
    approved_by: by.id,
    approved_at,
  };
}
