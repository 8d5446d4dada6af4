import type { ConfigApplied } from "@restic-manager/shared/protocol/event.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Events } from "../../events.ts";
import type { EventHandler } from "../../ports/agent-link.ts";
import { raiseApplied, saveNextFires } from "./store.ts";

export type Applied = EventHandler<ConfigApplied>;

/** Notes which configuration an agent runs by and when it will fire next. An older report than the last is ignored. */
export function createApplied(deps: { events: Events; log: Log }): Applied {
  const { events, log } = deps;
  return async (trx, { hostId, payload }) => {
    if (!(await raiseApplied(trx, hostId, payload.rev))) return undefined;
    for (const { id, next, error } of payload.schedules) {
      await saveNextFires(trx, hostId, { id, next, problem: error });
    }
    return () => {
      for (const { id, error } of payload.schedules) {
        if (error === null) continue;
        log.warn("The agent cannot run a schedule", {
          host_id: hostId,
          schedule_id: id,
          reason: error,
        });
      }
      events.emit({ type: "host.configured", hostId });
      events.emit({ type: "host.changed", hostId });
    };
  };
}
