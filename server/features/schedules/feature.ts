import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Events } from "../../events.ts";
import type { ServerIdentity } from "../../identity.ts";
import type {
  AgentCommands,
  AgentEvents,
  AgentRequests,
} from "../../ports/agent-link.ts";
import type { Audit } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import { noteAddresses } from "./addresses.ts";
import { createApplied } from "./applied.ts";
import { bytesOf, createBundleAnswer, createBundler } from "./bundle.ts";
import type { BundleParts } from "./bundle.ts";
import { createConfigRevision } from "./config-revision.ts";
import { connectSchedules } from "./inbox.ts";
import { createMissed, missedRate } from "./missed.ts";
import { scheduleRoutes } from "./routes.ts";
import { createSchedules } from "./schedules.ts";

/** Schedules, and the configuration of hosts that they are a part of. */
export function createSchedulesFeature(deps: {
  db: Db;
  tx: Transaction;
  commands: AgentCommands;
  audit: Audit;
  events: Events;
  random: Random;
  clock: Clock;
  log: Log;
  /** What other features put into a configuration. */
  parts: Omit<BundleParts, "schedules">;
  /** Further URLs under which agents reach the server. */
  addresses: readonly string[];
}) {
  const { tx, events, log, addresses } = deps;
  const bundler = createBundler({
    addresses,
    parts: {
      ...deps.parts,
      schedules: (...args) => schedules.bundle(...args),
    },
  });
  const config = createConfigRevision({
    ...deps,
    async sizeOf(trx, hostId) {
      return bytesOf((await bundler(trx, hostId)).bundle).length;
    },
  });
  const schedules = createSchedules({ ...deps, config });

  return {
    config,
    schedules,
    routes: scheduleRoutes(schedules),
    /** Listens to agents. */
    connect(link: {
      requests: AgentRequests;
      agentEvents: AgentEvents;
      identity: Pick<ServerIdentity, "sealFor">;
    }): void {
      const { identity } = link;
      connectSchedules({
        ...link,
        events,
        config,
        answer: createBundleAnswer({ tx, identity, bundler }),
        applied: createApplied({ events, log }),
        missed: createMissed({ ...deps, rate: missedRate }),
      });
    },
    /** Lets agents know of addresses that are new since the last start. */
    start(): void {
      noteAddresses(deps, addresses).catch((error: unknown) =>
        log.error("Noting the addresses for agents failed", { error }),
      );
    },
  };
}
