/** Asks the shell to go to an address; `replace` keeps the history entry, for filters and tabs. */
export class NavigateEvent extends Event {
  static readonly type = "rm-navigate";
  readonly href: string;
  readonly replace: boolean;
  /** Set by the shell: resolves when the address is on show. */
  shown: Promise<void> = Promise.resolve();

  constructor(href: string, { replace = false } = {}) {
    super(NavigateEvent.type, { bubbles: true, composed: true });
    this.href = href;
    this.replace = replace;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-navigate": NavigateEvent;
  }
}
