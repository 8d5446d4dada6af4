/** Something to say in passing, for the shell. */
class ToastEvent extends Event {
  static readonly type = "rm-toast";
  readonly text: string;
  readonly tone: "ok" | "bad";

  constructor(text: string, tone: "ok" | "bad" = "ok") {
    super(ToastEvent.type);
    this.text = text;
    this.tone = tone;
  }
}

/** Says something in passing, also when the element that has it to say is no longer on the page. */
export function toast(text: string, tone?: ToastEvent["tone"]): void {
  document.dispatchEvent(new ToastEvent(text, tone));
}

declare global {
  interface DocumentEventMap {
    "rm-toast": ToastEvent;
  }
}
