/** A person has changed what a list shows; only what changed is set. Empty text means the default. */
export class FilterEvent extends Event {
  static readonly type = "rm-filter";
  readonly change: Readonly<Record<string, string>>;

  constructor(change: Readonly<Record<string, string>>) {
    super(FilterEvent.type, { bubbles: true, composed: true });
    this.change = change;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-filter": FilterEvent;
  }
}
