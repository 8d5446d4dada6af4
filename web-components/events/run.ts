/** A person wants a backup of a host now. */
export class RunEvent extends Event {
  static readonly type = "rm-run";
  readonly hostId: string;

  constructor(hostId: string) {
    super(RunEvent.type, { bubbles: true, composed: true });
    this.hostId = hostId;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-run": RunEvent;
  }
}
