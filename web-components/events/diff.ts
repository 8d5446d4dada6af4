/** `open` and `close` a folder, `more` of its lines, `again` after a failure. */
export type DiffAction = "open" | "close" | "more" | "again";

/** A person asks something of a folder of what changed. */
export class DiffEvent extends Event {
  static readonly type = "rm-diff";
  readonly action: DiffAction;
  readonly path: string;

  constructor(action: DiffAction, path: string) {
    super(DiffEvent.type);
    this.action = action;
    this.path = path;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-diff": DiffEvent;
  }
}
