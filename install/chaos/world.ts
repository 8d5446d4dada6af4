import { processes, processesOf } from "../e2e/rig/processes.ts";
import type { Lab } from "../e2e/rig/lab.ts";
import { createEndpoint, type Endpoint } from "./endpoint.ts";
import type { Network } from "./network.ts";
import { createServer, type ChaosServer } from "./server.ts";
import { startStore } from "./store.ts";

/** A server, a store and some endpoints that back up into it, each a host of its own. */
export interface World {
  readonly lab: Lab;
  readonly network: Network;
  readonly server: ChaosServer;
  readonly endpoints: readonly Endpoint[];
  /** Does for every program what a service manager does. */
  keepUp(): void;
}

export interface WorldOptions {
  readonly lab: Lab;
  readonly network: Network;
  readonly agents: readonly string[];
  /** Whether each host can have a disk of its own. */
  readonly smallDisks: boolean;
}

export async function createWorld({
  lab,
  network,
  agents,
  smallDisks,
}: WorldOptions): Promise<World> {
  const disk = (size: string) => (smallDisks ? size : null);
  const store = await startStore(lab, network);
  const server = await createServer(lab, network, disk("300m"));
  server.start();
  await server.answers();
  const endpoints: Endpoint[] = [];
  for (const name of agents)
    endpoints.push(
      await createEndpoint({
        lab,
        network,
        server,
        store,
        name,
        diskSize: disk("160m"),
      }),
    );
  return {
    lab,
    network,
    server,
    endpoints,
    keepUp() {
      server.keepUp();
      for (const endpoint of endpoints) endpoint.keepUp();
    },
  };
}

/** Brokers and restics whose server or agent is gone. */
export function orphans({ lab }: World): string[] {
  const parents = processes().filter(({ exe }) =>
    /\/restic-manager-(server|agent)$/.test(exe),
  );
  return processesOf(lab.dir)
    .filter(({ exe }) => /\/(nats-server|restic)-[0-9a-f]+$/.test(exe))
    .filter(({ parent }) => !parents.some(({ pid }) => pid === parent))
    .map(({ pid, args }) => `process ${pid} outlived its parent: ${args}`);
}
