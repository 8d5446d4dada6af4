/** A person logs out. */
export class LogoutEvent extends Event {
  static readonly type = "rm-logout";

  constructor() {
    super(LogoutEvent.type, { bubbles: true, composed: true });
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-logout": LogoutEvent;
  }
}
