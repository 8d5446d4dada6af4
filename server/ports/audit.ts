import type { Trx } from "./transaction.ts";

/** Who causes a change. */
export interface Initiator {
  readonly kind: "user" | "agent" | "system";
  /** User id or host id; null for the system. */
  readonly id: string | null;
  /** Name at this moment: the audit row outlives the user. */
  readonly name: string | null;
  readonly ip: string | null;
  readonly requestId: string | null;
}

export interface AuditEntry {
  /** `noun.verb`, for example `host.approve`. */
  readonly action: string;
  readonly target?: { readonly kind: string; readonly id: string };
  /** What a person needs to understand the row. Never a secret: user info in addresses is hidden, nothing else is. */
  readonly payload?: Readonly<
    Record<string, string | number | boolean | null | readonly string[]>
  >;
}

/** The record of every change. Called inside the transaction of the change: both are there or neither is. */
export interface Audit {
  record(trx: Trx, by: Initiator, entry: AuditEntry): Promise<void>;
}

/** The server acting by itself, or a person at its command line (`name` says which). */
export function systemInitiator(name: string): Initiator {
  return { kind: "system", id: null, name, ip: null, requestId: null };
}
