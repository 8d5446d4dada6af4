import type { EnrolmentToken } from "@restic-manager/shared/api/tokens.ts";

/** A person takes back a one-time token. */
export class RevokeEvent extends Event {
  static readonly type = "rm-revoke";
  readonly token: EnrolmentToken;

  constructor(token: EnrolmentToken) {
    super(RevokeEvent.type);
    this.token = token;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-revoke": RevokeEvent;
  }
}
