import type { ScheduleSpec } from "@restic-manager/shared/api/schedules.ts";

/** A person wants a schedule to be like this. */
export class ScheduleSpecEvent extends Event {
  static readonly type = "rm-schedule-spec";
  readonly spec: ScheduleSpec;

  constructor(spec: ScheduleSpec) {
    super(ScheduleSpecEvent.type);
    this.spec = spec;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-schedule-spec": ScheduleSpecEvent;
  }
}
