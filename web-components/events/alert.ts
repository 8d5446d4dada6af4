import type { Alert } from "@restic-manager/shared/api/alerts.ts";

/** A person has seen an alert, or closes it. */
export class AlertEvent extends Event {
  static readonly type = "rm-alert";
  readonly alert: Alert;
  readonly move: "acknowledge" | "resolve";

  constructor(alert: Alert, move: "acknowledge" | "resolve") {
    super(AlertEvent.type);
    this.alert = alert;
    this.move = move;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-alert": AlertEvent;
  }
}
