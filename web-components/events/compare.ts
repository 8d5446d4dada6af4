/** What a comparison with a fingerprint from elsewhere says: null while there is nothing whole to compare. */
export class CompareEvent extends Event {
  static readonly type = "rm-compare";
  readonly typed: string;
  readonly match: boolean | null;

  constructor(typed: string, match: boolean | null) {
    super(CompareEvent.type);
    this.typed = typed;
    this.match = match;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-compare": CompareEvent;
  }
}
