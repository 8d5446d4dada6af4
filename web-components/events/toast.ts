/** Asks the shell to say something in passing. */
export class ToastEvent extends Event {
  static readonly type = "rm-toast";
  readonly text: string;
  readonly tone: "ok" | "bad";

  constructor(text: string, tone: "ok" | "bad" = "ok") {
    super(ToastEvent.type, { bubbles: true, composed: true });
    this.text = text;
    this.tone = tone;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-toast": ToastEvent;
  }
}
