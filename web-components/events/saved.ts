/** A person says whether what is shown once is kept elsewhere. */
export class SavedEvent extends Event {
  static readonly type = "rm-saved";
  readonly saved: boolean;

  constructor(saved: boolean) {
    super(SavedEvent.type);
    this.saved = saved;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-saved": SavedEvent;
  }
}
