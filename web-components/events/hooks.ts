import type { HostHooksSpec } from "@restic-manager/shared/api/hooks.ts";

/** A person wants hooks to be like this. Of a source group the shell is null: it has the host's. */
export class HooksEvent extends Event {
  static readonly type = "rm-hooks";
  readonly hooks: HostHooksSpec;

  constructor(hooks: HostHooksSpec) {
    super(HooksEvent.type);
    this.hooks = hooks;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-hooks": HooksEvent;
  }
}
