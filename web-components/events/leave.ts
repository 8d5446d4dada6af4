/** The shell is about to show another page. Who holds something unsaved cancels it, and asks for `href` again. */
export class LeaveEvent extends Event {
  static readonly type = "rm-leave";
  readonly href: string;

  constructor(href: string) {
    super(LeaveEvent.type, { cancelable: true });
    this.href = href;
  }
}

declare global {
  interface WindowEventMap {
    "rm-leave": LeaveEvent;
  }
}
