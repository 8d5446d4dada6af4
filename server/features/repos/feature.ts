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
import type { HooksOfGroups } from "../hooks/applied.ts";
import type { ConfigRevision } from "../schedules/config-revision.ts";
import type { Schedules } from "../schedules/schedules.ts";
import { createAccess } from "./access.ts";
import { createAdminCredential } from "./admin-credential.ts";
import { adminCredentialRoutes } from "./admin-credential-routes.ts";
import { createCredentialBox } from "./credentials.ts";
import { createFirstUse } from "./first-use.ts";
import { createFirstUseProblems } from "./first-use-problems.ts";
import { connectRepositories } from "./inbox.ts";
import { createJoining } from "./joining.ts";
import { createRepositories } from "./repositories.ts";
import { createRepositoryTest } from "./repository-test.ts";
import { findPolicies } from "./retention-store.ts";
import { createRetentionStates } from "./retention.ts";
import type { IsOverdue } from "./retention.ts";
import { repositoryRoutes } from "./routes.ts";
import { createSetUp } from "./set-up.ts";
import { createSnapshots } from "./snapshots.ts";
import { createStats } from "./stats.ts";
import { sourceRoutes } from "./source-routes.ts";
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
  hooksOfGroups: HooksOfGroups;
  audit: Audit;
  events: Events;
  random: Random;
  clock: Clock;
  log: Log;
  isOverdue: IsOverdue;
}) {
  const credentials = createCredentialBox(deps.secrets);
  const access = createAccess(credentials);
  const retention = createRetentionStates(deps.isOverdue);
  const problems = createFirstUseProblems();
  const base = { ...deps, credentials, access, retention, problems };
  const repositories = createRepositories(base);
  const adminCredential = createAdminCredential({ ...base, repositories });
  const stats = createStats(deps);
  const sources = createSources(deps);
  const snapshots = createSnapshots(deps);
  const repositoryTest = createRepositoryTest(deps);
  const joining = createJoining(base);
  const parts = { ...deps, problems, repositories, repositoryTest, joining };
  const setUp = createSetUp(parts);
  const firstUse = createFirstUse(parts);

  return {
    repositories,
    joining,
    access,
    retention,
    findPolicies,
    /** For the configuration of a host. */
    parts: { repositories: repositories.bundle, groups: sources.bundle },
    routes: [
      ...repositoryRoutes({ setUp, repositories, snapshots }),
      ...sourceRoutes(sources),
      ...adminCredentialRoutes(adminCredential),
    ],
    connect(agentEvents: AgentEvents): void {
      connectRepositories({ agentEvents, snapshots, stats });
    },
    /** Begins to watch for hosts that are to open their repository for the first time. */
    start: (): Cancel => firstUse.start(),
  };
}
