import type { Api } from "../../install/e2e/rig/api.ts";
import type { Lab } from "../../install/e2e/rig/lab.ts";
import { type Server, startServer } from "../../install/e2e/rig/server.ts";
import { waitFor } from "../../install/e2e/rig/wait.ts";
import { type Member, seedFleet } from "./seed.ts";
import type { Swarm } from "./swarm.ts";

/** A server with a fleet that is connected. */
export interface Stand {
  readonly server: Server;
  readonly api: Api;
  readonly members: readonly Member[];
  readonly swarm: Swarm;
  /** Milliseconds from `since` (milliseconds since the epoch) until the server has greeted every agent anew. */
  allGreeted(since: number, within: number): Promise<number>;
}

export async function openStand(
  lab: Lab,
  swarm: Swarm,
  count: number,
): Promise<Stand> {
  // The agents name addresses of their own, as a reverse proxy in front of the server would.
  const env = { RM_TRUSTED_PROXY: "127.0.0.1/32", RM_LOG_LEVEL: "warn" };
  const server = await startServer(lab, { env });
  await server.stop();
  const members = await seedFleet(server.dataDir, count);
  await server.start();
  const api = await server.logIn();

  async function allGreeted(since: number, within: number): Promise<number> {
    const { last } = await waitFor(
      `${count} agents are greeted`,
      async () => {
        const greeted = await swarm.greeted({ since });
        return greeted.count === count ? greeted : null;
      },
      within,
    );
    return last - since;
  }

  const since = Date.now();
  await swarm.start({ url: server.url, members, perSecond: 500 });
  lab.defer(() => swarm.stop());
  await allGreeted(since, 120_000);
  return { server, api, members, swarm, allGreeted };
}
