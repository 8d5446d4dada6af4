import { hasPermission } from "@restic-manager/shared/domain/role.ts";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Secrets } from "../../ports/secrets.ts";
import type { Trx } from "../../ports/transaction.ts";
import type { Joining } from "../repos/joining.ts";
import * as store from "./store.ts";
import type { TokenRecord } from "./store.ts";
import { idOf, isTokenOf, openSetUp } from "./tokens.ts";

export type TokenRefusal = "token_invalid" | "token_used" | "token_expired";

/** Who shows a token. */
export interface Guest {
  readonly hostname: string;
  readonly fingerprint: string;
  readonly ip: string;
}

/** A valid token, not used up yet. */
export interface Grant {
  /** What the host is to be called. */
  readonly hostname: string;
  /** Who made the token, and approves the host by it. */
  readonly approver: Initiator;
  /**
   * Uses the token up for this host, which is in the store by now, and gives it repository, credential, source and
   * schedule. @returns the repository's id
   */
  spend(hostId: string): Promise<string>;
}

export interface Redemption {
  /** A refusal leaves its audit row in `trx`, so the caller commits it all the same. */
  claim(trx: Trx, token: string, guest: Guest): Promise<Grant | TokenRefusal>;
}

export function createRedemption(deps: {
  secrets: Secrets;
  joining: Joining;
  audit: Audit;
  clock: Clock;
}): Redemption {
  const { audit } = deps;
  const now = () => toTimestamp(deps.clock.now());

  async function spend(
    trx: Trx,
    row: TokenRecord,
    sealed: Uint8Array,
    hostId: string,
    guest: Guest,
  ): Promise<string> {
    const setUp = openSetUp(deps.secrets, row, sealed);
    const by = approverOf(row, guest);
    const joined = await deps.joining.join(trx, hostId, setUp, null, by);
    await store.setTags(trx, hostId, row.tags);
    await store.setUsed(trx, row.id, { used_at: now(), host_id: hostId });
    await audit.record(trx, agent(guest, hostId), {
      action: "token.use",
      target: { kind: "token", id: row.id },
      payload: { host_id: hostId, fingerprint: guest.fingerprint },
    });
    return joined.repositoryId;
  }

  return {
    async claim(trx, token, guest) {
      const id = idOf(token);
      const row = id === null ? null : await store.findToken(trx, id);
      if (row === null || !isTokenOf(row, token)) return "token_invalid";
      const refusal = refusalOf(row, now());
      if (refusal === null && row.sealed !== null) {
        const { sealed } = row;
        return {
          hostname: row.hostname,
          approver: approverOf(row, guest),
          spend: (hostId) => spend(trx, row, sealed, hostId, guest),
        };
      }
      const code = refusal ?? "token_expired";
      await audit.record(trx, agent(guest, null), {
        action: "token.refuse",
        target: { kind: "token", id: row.id },
        payload: {
          code,
          hostname: guest.hostname,
          fingerprint: guest.fingerprint,
          used_by: row.host_id,
        },
      });
      return code;
    },
  };
}

/** Whoever may no longer approve hosts does not do it by a token of earlier either. */
function refusalOf(row: TokenRecord, now: string): TokenRefusal | null {
  if (row.used_at !== null) return "token_used";
  if (row.expires_at <= now) return "token_expired";
  const mayApprove =
    row.disabled_at === null && hasPermission(row.role, "hosts.approve");
  return mayApprove ? null : "token_invalid";
}

function approverOf(row: TokenRecord, { ip }: Guest): Initiator {
  const { created_by: id, username: name } = row;
  return { kind: "user", id, name, ip, requestId: null };
}

function agent({ hostname, ip }: Guest, id: string | null): Initiator {
  return { kind: "agent", id, name: hostname, ip, requestId: null };
}
