import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
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
import { createFirstUse } from "./first-use.ts";
import { connectRepositories } from "./inbox.ts";
import { createJoining } from "./joining.ts";
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
  const joining = createJoining({ ...deps, credentials });
  const parts = { ...deps, repositories, repositoryTest, joining };
  const setUp = createSetUp(parts);
  const firstUse = createFirstUse(parts);

  return {
    repositories,
    joining,
    /** For the configuration of a host. */
    parts: { repositories: repositories.bundle, groups: sources.bundle },
    routes: repositoryRoutes({ setUp, repositories, sources, snapshots }),
    connect(agentEvents: AgentEvents): void {
      connectRepositories({ agentEvents, snapshots });
    },
    /** Begins to watch for hosts that are to open their repository for the first time. */
    start: (): Cancel => firstUse.start(),
  };
}
