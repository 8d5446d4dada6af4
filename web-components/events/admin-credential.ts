import type { AdminCredentialSpec } from "@restic-manager/shared/api/repos.ts";

/** A person sets the access that may delete, or takes it away (null). */
export class AdminCredentialEvent extends Event {
  static readonly type = "rm-admin-credential";
  readonly spec: AdminCredentialSpec | null;

  constructor(spec: AdminCredentialSpec | null) {
    super(AdminCredentialEvent.type);
    this.spec = spec;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-admin-credential": AdminCredentialEvent;
  }
}
