import type { HostPatch } from "@restic-manager/shared/api/hosts.ts";

/** A person changes what is set of a host. */
export class HostPatchEvent extends Event {
  static readonly type = "rm-host-patch";
  readonly patch: HostPatch;

  constructor(patch: HostPatch) {
    super(HostPatchEvent.type);
    this.patch = patch;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-host-patch": HostPatchEvent;
  }
}
