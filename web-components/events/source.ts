import type { SourceGroupSpec } from "@restic-manager/shared/domain/source.ts";

/** A person changes what a host backs up. */
export class SourceEvent extends Event {
  static readonly type = "rm-source";
  readonly spec: SourceGroupSpec;

  constructor(spec: SourceGroupSpec) {
    super(SourceEvent.type);
    this.spec = spec;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-source": SourceEvent;
  }
}
