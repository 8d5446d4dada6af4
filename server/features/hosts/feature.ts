import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Events } from "../../events.ts";
import type { ServerIdentity } from "../../identity.ts";
import type { AgentRequests } from "../../ports/agent-link.ts";
import type { Audit } from "../../ports/audit.ts";
import type { Broker } from "../../ports/broker.ts";
import type { Bus, Unsubscribe } from "../../ports/bus.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import { createDecisions } from "./decisions.ts";
import { createEnrolment } from "./enrolment.ts";
import { createFleet } from "./fleet.ts";
import { createHello, type Committed } from "./hello.ts";
import { connectHosts } from "./inbox.ts";
import { createPresence, type Reconcile } from "./presence.ts";
import { hostRoutes } from "./routes.ts";
import { createWaiters } from "./waiters.ts";

/** The part of the configuration that hosts need; times in milliseconds. */
export interface HostsConfig {
  readonly baseUrl?: string | undefined;
  readonly pendingExpiry: number;
  readonly offlineAfter: number;
  readonly heartbeatInterval: number;
}

/** Hosts: how they join, whether they are there, what the fleet looks like. */
export function createHostsFeature(deps: {
  db: Db;
  tx: Transaction;
  audit: Audit;
  events: Events;
  identity: ServerIdentity;
  broker: Pick<Broker, "issueAgentJwt">;
  /** Told after every hello and heartbeat. */
  reconcile: Reconcile;
  committed: Committed;
  random: Random;
  clock: Clock;
  log: Log;
  config: HostsConfig;
}) {
  const { baseUrl, ...config } = deps.config;
  const parts = {
    ...deps,
    waiters: createWaiters(deps.clock),
    baseUrl,
    pendingExpiryMs: config.pendingExpiry,
    offlineAfterMs: config.offlineAfter,
    heartbeatMs: config.heartbeatInterval,
  };
  const enrolment = createEnrolment(parts);
  const decisions = createDecisions(parts);
  const fleet = createFleet(deps);
  const presence = createPresence(parts);

  return {
    decisions,
    fleet,
    presence,
    routes: hostRoutes({ ...parts, enrolment, decisions, fleet }),
    connect(link: {
      requests: AgentRequests;
      bus: Pick<Bus, "subscribe">;
    }): Unsubscribe {
      const hello = createHello({ ...parts, presence });
      return connectHosts({ ...parts, ...link, presence, hello });
    },
    /** Begins to watch for silent hosts and expired announcements. */
    start(): Cancel {
      const stops = [presence.start(), enrolment.start()];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
