import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { ScheduleMissed } from "@restic-manager/shared/protocol/event.ts";
import { createAllowance } from "../../allowance.ts";
import type { Allowance, Rate } from "../../allowance.ts";
import type { Events } from "../../events.ts";
import type { EventHandler } from "../../ports/agent-link.ts";
import type { Audit } from "../../ports/audit.ts";
import type { Random } from "../../random.ts";
import { createSeldom } from "../../seldom.ts";
import { findOrigin, insertMissed } from "./missed-store.ts";

export type Missed = EventHandler<ScheduleMissed>;

/** How much a host may report: far above what one says that comes back after weeks, so it binds only one that was taken over. */
export const missedRate: Rate = { burst: 5000, perSecond: 0.1 };

/** Keeps what agents say about fires that brought no backup; an abandoned one stands in the audit trail as well. */
export function createMissed(deps: {
  audit: Audit;
  events: Events;
  random: Random;
  clock: Clock;
  log: Log;
  rate: Rate;
}): Missed {
  const { audit, events, random, clock, log, rate } = deps;
  const allowances = new Map<string, Allowance>();
  const isToBeSaid = createSeldom(clock);

  function takes(hostId: string): boolean {
    const own = allowances.get(hostId) ?? createAllowance(clock, rate);
    allowances.set(hostId, own);
    if (own.take()) return true;
    const held = isToBeSaid(hostId);
    if (held !== null) {
      log.warn("A host reports more missed schedules than the server keeps", {
        host_id: hostId,
        count: held + 1,
      });
    }
    return false;
  }

  return async (trx, { hostId, payload }) => {
    const origin = await findOrigin(trx, hostId, payload);
    if (origin === null || !takes(hostId)) return undefined;
    const { hostName, cron, group } = origin;
    await insertMissed(trx, {
      id: random.id(),
      hostId,
      at: toTimestamp(clock.now()),
      missed: { ...payload, source_group_id: group?.id ?? null },
    });
    if (payload.reason === "abandoned") {
      await audit.record(
        trx,
        {
          kind: "agent",
          id: hostId,
          name: hostName,
          ip: null,
          requestId: null,
        },
        {
          action: "schedule.abandoned",
          target: { kind: "schedule", id: payload.schedule_id },
          payload: {
            host_id: hostId,
            cron,
            group: group?.name ?? null,
            due_at: payload.first_due_at,
            attempts: payload.attempts,
          },
        },
      );
    }
    return () => events.emit({ type: "host.configured", hostId });
  };
}
