/** A person has changed where a restore goes; only what changed is set. */
export class RestoreDraftEvent extends Event {
  static readonly type = "rm-restore-draft";
  readonly change: Readonly<Record<string, string>>;

  constructor(change: Readonly<Record<string, string>>) {
    super(RestoreDraftEvent.type);
    this.change = change;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-restore-draft": RestoreDraftEvent;
  }
}
