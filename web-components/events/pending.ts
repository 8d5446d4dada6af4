import type { PendingHost } from "@restic-manager/shared/api/hosts.ts";

/** A person wants to decide about a waiting host. `typed` is what they have pasted to compare so far. */
export class PendingEvent extends Event {
  static readonly type = "rm-pending";
  readonly pending: PendingHost;
  readonly decision: "accept" | "reject";
  readonly typed: string;

  constructor(
    pending: PendingHost,
    decision: "accept" | "reject",
    typed: string,
  ) {
    super(PendingEvent.type, { bubbles: true, composed: true });
    this.pending = pending;
    this.decision = decision;
    this.typed = typed;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-pending": PendingEvent;
  }
}
