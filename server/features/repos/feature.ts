import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Events } from "../../events.ts";
import type { ServerIdentity } from "../../identity.ts";
import type { AgentCommands, AgentEvents } from "../../ports/agent-link.ts";
import type { Audit } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Secrets } from "../../ports/secrets.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import type { ConfigRevision } from "../schedules/config-revision.ts";
import type { Schedules } from "../schedules/schedules.ts";
import { createCredentialBox } from "./credentials.ts";
import { connectRepositories } from "./inbox.ts";
import { createRepositories } from "./repositories.ts";
import { createRepositoryTest } from "./repository-test.ts";
import { repositoryRoutes } from "./routes.ts";
import { createSetUp } from "./set-up.ts";
import { createSnapshots } from "./snapshots.ts";
import { createSources } from "./sources.ts";

/** Repositories with their credentials and snapshots, and what hosts back up into them. */
export function createReposFeature(deps: {
  db: Db;
  tx: Transaction;
  secrets: Secrets;
  identity: Pick<ServerIdentity, "sealFor">;
  commands: AgentCommands;
  presence: { isOnline(hostId: string): boolean };
  config: ConfigRevision;
  schedules: Pick<Schedules, "createDaily">;
  audit: Audit;
  events: Events;
  random: Random;
  clock: Clock;
  log: Log;
}) {
  const credentials = createCredentialBox(deps.secrets);
  const repositories = createRepositories({ ...deps, credentials });
  const sources = createSources(deps);
  const snapshots = createSnapshots(deps);
  const repositoryTest = createRepositoryTest(deps);
  const setUp = createSetUp({
    ...deps,
    credentials,
    repositories,
    repositoryTest,
  });

  return {
    repositories,
    /** For the configuration of a host. */
    parts: { repositories: repositories.bundle, groups: sources.bundle },
    routes: repositoryRoutes({ setUp, repositories, sources, snapshots }),
    connect(agentEvents: AgentEvents): void {
      connectRepositories({ agentEvents, snapshots });
    },
  };
}
