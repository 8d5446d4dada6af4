import type { MaintenanceSettings } from "@restic-manager/shared/domain/maintenance.ts";

/** A person wants upkeep of the repository shown. */
export class UpkeepEvent extends Event {
  static readonly type = "rm-upkeep";
  readonly action: "forget" | "prune" | "check" | "unlock" | "unlock-all";

  constructor(action: UpkeepEvent["action"]) {
    super(UpkeepEvent.type, { bubbles: true, composed: true });
    this.action = action;
  }
}

/** A person changes when upkeep happens, and where. */
export class MaintenanceEvent extends Event {
  static readonly type = "rm-maintenance";
  readonly settings: MaintenanceSettings;

  constructor(settings: MaintenanceSettings) {
    super(MaintenanceEvent.type);
    this.settings = settings;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-upkeep": UpkeepEvent;
    "rm-maintenance": MaintenanceEvent;
  }
}
