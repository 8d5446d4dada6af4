import type { ChannelSpec } from "@restic-manager/shared/api/channels.ts";

/** A notification channel is to be like this. */
export class ChannelEvent extends Event {
  static readonly type = "rm-channel";
  readonly spec: ChannelSpec;

  constructor(spec: ChannelSpec) {
    super(ChannelEvent.type);
    this.spec = spec;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-channel": ChannelEvent;
  }
}
