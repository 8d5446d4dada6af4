/** A person chooses how bright the dashboard is. */
export class ThemeEvent extends Event {
  static readonly type = "rm-theme";
  readonly theme: "system" | "light" | "dark";

  constructor(theme: "system" | "light" | "dark") {
    super(ThemeEvent.type, { bubbles: true, composed: true });
    this.theme = theme;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-theme": ThemeEvent;
  }
}
