/** A person wants one of several things deleted; they are asked first. */
export class DeleteEvent extends Event {
  static readonly type = "rm-delete";
  readonly id: string;

  constructor(id: string) {
    super(DeleteEvent.type);
    this.id = id;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-delete": DeleteEvent;
  }
}
