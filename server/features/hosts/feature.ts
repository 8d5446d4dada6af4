import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Events } from "../../events.ts";
import type { ServerIdentity } from "../../identity.ts";
import type { HostKeys } from "../../ports/host-keys.ts";
import type { AgentCommands, AgentRequests } from "../../ports/agent-link.ts";
import type { Audit } from "../../ports/audit.ts";
import type { Broker } from "../../ports/broker.ts";
import type { Bus, Unsubscribe } from "../../ports/bus.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import type { ConfigRevision } from "../schedules/config-revision.ts";
import type { NextRun } from "../schedules/next-run.ts";
import { createAccess } from "./access.ts";
import { accessRoutes } from "./access-routes.ts";
import { createAdmit } from "./admission.ts";
import { createDecisions } from "./decisions.ts";
import { createEnrolment, type ClaimToken } from "./enrolment.ts";
import { createFleet } from "./fleet.ts";
import { createFormerKeys } from "./former-keys.ts";
import { createHello, type Committed } from "./hello.ts";
import { connectHosts } from "./inbox.ts";
import { createInstances } from "./instances.ts";
import { createPresence, type Reconcile } from "./presence.ts";
import { createRemove, type RepositoriesOfHost } from "./removal.ts";
import { createRotation } from "./rotation.ts";
import { hostRoutes } from "./routes.ts";
import { createChangeSettings } from "./settings.ts";
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
  broker: Pick<
    Broker,
    "issueAgentJwt" | "agentSigner" | "revokeAgent" | "revokedAt"
  >;
  hostKeys: HostKeys;
  commands: AgentCommands;
  repositories: RepositoriesOfHost;
  /** Told after every hello and heartbeat. */
  reconcile: Reconcile;
  committed: Committed;
  claimToken: ClaimToken;
  nextRun: NextRun;
  revision: Pick<ConfigRevision, "raise" | "announce">;
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
  const admit = createAdmit(parts);
  const enrolment = createEnrolment({ ...parts, admit });
  const decisions = createDecisions({ ...parts, admit });
  const fleet = createFleet(deps);
  const presence = createPresence(parts);
  const instances = createInstances(deps);
  const formerKeys = createFormerKeys(deps);
  const access = createAccess(deps);
  const own = { ...parts, presence, instances, formerKeys, access };
  const rotation = createRotation(own);
  const remove = createRemove(own);
  const changeSettings = createChangeSettings(deps);

  return {
    decisions,
    fleet,
    presence,
    routes: [
      ...hostRoutes({ ...parts, enrolment, decisions, fleet, changeSettings }),
      ...accessRoutes({ access, rotation, remove, fleet }),
    ],
    connect(link: {
      requests: AgentRequests;
      bus: Pick<Bus, "subscribe">;
    }): Unsubscribe {
      const hello = createHello({ ...own, rotation });
      return connectHosts({ ...own, ...link, rotation, hello });
    },
    /** Begins to watch for silent hosts, copied identities and expired announcements. */
    start(): Cancel {
      const stops = [presence.start(), instances.start(), enrolment.start()];
      void formerKeys.cutForgotten();
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
