import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { createAllowance, type Allowance, type Rate } from "../allowance.ts";
import type { Bus, BusMessage } from "../ports/bus.ts";

/** Of each lane and host: a heartbeat and a progress a second, and what a new connection asks, many times over. */
const rate: Rate = { burst: 50, perSecond: 10 };

interface Sender {
  readonly allowance: Allowance;
  dropped: number;
}

/**
 * The same bus, on which no host is heard more often than an agent has to say: whatever one of them sends beyond it is
 * dropped before anybody looks at it, and so costs the others nothing. What is durable is not dropped; it waits in the
 * broker, and comes as slowly as `nats-front` reads its sender.
 */
export function guardBus(
  bus: Bus,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Bus {
  /** Whether a message is to be heard. Says once that a host sends too much, and how much was dropped when it is over. */
  function createGate(): (message: BusMessage) => boolean {
    const senders = new Map<string, Sender>();
    return ({ hostId, tail }) => {
      const sender = senders.get(hostId) ?? {
        allowance: createAllowance(clock, rate),
        dropped: 0,
      };
      senders.set(hostId, sender);
      const about = { host_id: hostId, kind: tail };
      if (sender.dropped > 0 && sender.allowance.isFull()) {
        const count = sender.dropped;
        log.warn("A host has stopped sending too much", { ...about, count });
        sender.dropped = 0;
      }
      if (sender.allowance.take()) return true;
      sender.dropped += 1;
      if (sender.dropped === 1)
        log.warn("A host sends too much; the rest is dropped", about);
      return false;
    };
  }

  return {
    ...bus,
    subscribe(pattern, handler) {
      const isHeard = createGate();
      return bus.subscribe(pattern, (message) => {
        if (isHeard(message)) handler(message);
      });
    },
    serve(pattern, handler) {
      const isHeard = createGate();
      return bus.serve(pattern, async (message) =>
        isHeard(message) ? handler(message) : null,
      );
    },
  };
}
