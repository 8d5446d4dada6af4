/** A person has chosen a day of a calendar, `2026-11-22`. */
export class DayEvent extends Event {
  static readonly type = "rm-day";
  readonly day: string;

  constructor(day: string) {
    super(DayEvent.type);
    this.day = day;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-day": DayEvent;
  }
}
