/** A person has chosen other times for something: whoever hears it says when that would be. */
export class CronEvent extends Event {
  static readonly type = "rm-cron";
  readonly cron: string;

  constructor(cron: string) {
    super(CronEvent.type);
    this.cron = cron;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-cron": CronEvent;
  }
}
