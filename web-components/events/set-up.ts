import type { SetUpBody } from "@restic-manager/shared/api/repos.ts";

/** A person has filled in what to back up and where: save it, or only test the repository. */
export class SetUpEvent extends Event {
  static readonly type = "rm-set-up";
  readonly body: SetUpBody;
  readonly only: "test" | "save";

  constructor(body: SetUpBody, only: "test" | "save") {
    super(SetUpEvent.type);
    this.body = body;
    this.only = only;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-set-up": SetUpEvent;
  }
}
