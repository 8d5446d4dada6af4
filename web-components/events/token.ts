import type { TokenBody } from "@restic-manager/shared/api/tokens.ts";

/** A person has said beforehand what a host backs up and where: make its one-time token. */
export class TokenEvent extends Event {
  static readonly type = "rm-token";
  readonly body: TokenBody;

  constructor(body: TokenBody) {
    super(TokenEvent.type);
    this.body = body;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-token": TokenEvent;
  }
}
