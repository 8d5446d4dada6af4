import { systemClock } from "../clock.ts";
import { describeBus } from "./bus-contract.ts";
import { createMemoryBus } from "./memory-bus.ts";

describeBus("memory bus", async () => {
  const bus = createMemoryBus({ clock: systemClock });
  return {
    bus,
    agent: async (hostId) => bus.agent(hostId),
    close: () => bus.close(),
  };
});
