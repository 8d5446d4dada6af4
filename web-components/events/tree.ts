/** `open` and `close` a folder, `toggle` whether it is chosen, `more` of a folder. */
export type TreeAction = "open" | "close" | "toggle" | "more";

/** A person asks something of a file or folder in a tree. */
export class TreeEvent extends Event {
  static readonly type = "rm-tree";
  readonly action: TreeAction;
  readonly path: string;

  constructor(action: TreeAction, path: string) {
    super(TreeEvent.type);
    this.action = action;
    this.path = path;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-tree": TreeEvent;
  }
}
