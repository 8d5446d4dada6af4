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
import { createBundleAnswer } from "./bundle.ts";
import type { BundleParts } from "./bundle.ts";
import { createConfigRevision } from "./config-revision.ts";
import { connectSchedules } from "./inbox.ts";
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
  /** Further URLs under which agents reach the server. */
  addresses: readonly string[];
}) {
  const { tx, events, log, addresses } = deps;
  const config = createConfigRevision(deps);
  const schedules = createSchedules({ ...deps, config });

  return {
    config,
    schedules,
    routes: scheduleRoutes(schedules),
    /** Listens to agents; `parts` are what other features put into a configuration. */
    connect(link: {
      requests: AgentRequests;
      agentEvents: AgentEvents;
      identity: Pick<ServerIdentity, "sealFor">;
      parts: Omit<BundleParts, "schedules">;
    }): void {
      const { identity } = link;
      const parts = { ...link.parts, schedules: schedules.bundle };
      connectSchedules({
        ...link,
        events,
        config,
        answer: createBundleAnswer({ tx, identity, parts, addresses }),
        applied: createApplied({ events, log }),
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
