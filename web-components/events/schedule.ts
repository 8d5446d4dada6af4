/** A person switches a schedule on or off. */
export class ScheduleEvent extends Event {
  static readonly type = "rm-schedule";
  readonly scheduleId: string;
  readonly enabled: boolean;

  constructor(scheduleId: string, enabled: boolean) {
    super(ScheduleEvent.type);
    this.scheduleId = scheduleId;
    this.enabled = enabled;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-schedule": ScheduleEvent;
  }
}
