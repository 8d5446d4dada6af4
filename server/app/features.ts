import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Config } from "../config.ts";
import type { Events } from "../events.ts";
import { createAlertsFeature } from "../features/alerts/feature.ts";
import { isOverdue } from "../features/alerts/overdue.ts";
import { createChannelsFeature } from "../features/channels/feature.ts";
import { createHooksFeature } from "../features/hooks/feature.ts";
import { createHostsFeature } from "../features/hosts/feature.ts";
import { createKitFeature } from "../features/kit/feature.ts";
import type { ConfirmPassword } from "../features/kit/kit.ts";
import { createJobsFeature } from "../features/jobs/feature.ts";
import { createMaintenanceFeature } from "../features/maintenance/feature.ts";
import { createPrepare } from "../features/maintenance/prepare.ts";
import {
  dropRepositories,
  repositoriesOnlyOf,
  stopUpkeepBy,
} from "../features/repos/of-host.ts";
import { createReposFeature } from "../features/repos/feature.ts";
import { createSchedulesFeature } from "../features/schedules/feature.ts";
import { nextRun } from "../features/schedules/next-run.ts";
import { createTreesFeature } from "../features/trees/feature.ts";
import { createRestoresFeature } from "../features/restores/feature.ts";
import { keysIn } from "../features/restores/temporary-key-store.ts";
import { createTokensFeature } from "../features/tokens/feature.ts";
import { createAgentStreams } from "../http/agent-streams.ts";
import type { LiveViews } from "../http/live-feed.ts";
import type { ServerIdentity } from "../identity.ts";
import { createAgentCommands } from "../link/commands.ts";
import { createEventRegistry } from "../link/events.ts";
import { guardBus } from "../link/guard.ts";
import { createHostKeys } from "../link/host-keys.ts";
import { createIngest } from "../link/ingest.ts";
import { readCommitted } from "../link/mark-store.ts";
import { createAgentRequests } from "../link/requests.ts";
import type { Audit } from "../ports/audit.ts";
import type { Broker } from "../ports/broker.ts";
import type { Bus } from "../ports/bus.ts";
import type { Db } from "../ports/db.ts";
import type { Post } from "../ports/post.ts";
import type { Route, SocketRoute } from "../ports/route.ts";
import type { Secrets } from "../ports/secrets.ts";
import type { WatchSession } from "../ports/session-watch.ts";
import type { Transaction } from "../ports/transaction.ts";
import type { Random } from "../random.ts";

export interface FeaturesDeps {
  readonly db: Db;
  readonly tx: Transaction;
  readonly secrets: Secrets;
  readonly identity: ServerIdentity;
  readonly audit: Audit;
  readonly events: Events;
  readonly bus: Bus;
  readonly post: Post;
  readonly broker: Pick<
    Broker,
    "issueAgentJwt" | "agentSigner" | "revokeAgent" | "revokedAt"
  >;
  readonly config: Pick<
    Config,
    | "baseUrl"
    | "agentUrls"
    | "pendingExpiry"
    | "offlineAfter"
    | "heartbeatInterval"
  >;
  readonly confirm: ConfirmPassword;
  readonly watchSession: WatchSession;
  readonly version: string;
  readonly random: Random;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Features {
  readonly routes: readonly Route[];
  /** Where agents send what is downloaded. */
  readonly sockets: readonly SocketRoute[];
  /** What the live channel tells, as the API answers it. */
  readonly views: LiveViews;
  /** Begins to listen to agents and to watch the time; the returned function ends both. */
  start(): () => void;
}

/** Makes the features that deal with agents, connects them with one another and with the link to the agents. */
export function createFeatures(deps: FeaturesDeps): Features {
  const { db, clock } = deps;
  const bus = guardBus(deps.bus, deps);
  const hostKeys = createHostKeys(db, clock);
  const registry = createEventRegistry();
  const requests = createAgentRequests({ ...deps, bus, hostKeys });
  const commands = createAgentCommands({ ...deps, hostKeys });
  const ingest = createIngest({ ...deps, hostKeys, registry });

  const hosts = createHostsFeature({
    ...deps,
    hostKeys,
    commands,
    repositories: {
      onlyOf: repositoriesOnlyOf,
      keysIn,
      drop: dropRepositories,
      stopUpkeepBy,
    },
    committed: (numbering) => readCommitted(db, numbering),
    // Jobs and tokens are made after the hosts they are for.
    reconcile: (state) => jobs.reconcile(state),
    claimToken: (...args) => tokens.redemption.claim(...args),
    nextRun,
    // So is the configuration of hosts.
    revision: {
      raise: (...args) => config.raise(...args),
      announce: (...args) => config.announce(...args),
    },
  });
  const { presence } = hosts;
  const { config, schedules, ...scheduling } = createSchedulesFeature({
    ...deps,
    commands,
    // A configuration holds what is made after it.
    parts: {
      repositories: (...args) => repos.parts.repositories(...args),
      groups: (...args) => repos.parts.groups(...args),
    },
    addresses: deps.config.agentUrls,
  });
  const hooks = createHooksFeature({ ...deps, config });
  const repos = createReposFeature({
    ...deps,
    commands,
    presence,
    config,
    schedules,
    hooksOfGroups: hooks.ofGroups,
    isOverdue: (waiting, now) => isOverdue(waiting, now, nextRun),
  });
  const tokens = createTokensFeature({
    ...deps,
    joining: repos.joining,
    baseUrl: deps.config.baseUrl,
  });
  const jobs = createJobsFeature({
    ...deps,
    commands,
    presence,
    repositoryUsed: repos.repositories.used,
    prepare: createPrepare(repos),
  });
  const maintenance = createMaintenanceFeature({
    ...deps,
    access: repos.access,
    findPolicies: repos.findPolicies,
    queue: jobs.upkeep,
    jobs: jobs.jobs,
    presence,
    nextRun,
  });
  const trees = createTreesFeature({
    ...deps,
    commands,
    presence,
    hostsOfRepository: repos.repositories.hostsOf,
  });
  const streams = createAgentStreams({ ...deps, hostKeys });
  const restores = createRestoresFeature({
    ...deps,
    commands,
    presence,
    access: repos.access,
    runnersOf: maintenance.runnersOf,
    keepersOf: maintenance.keepersOf,
    lookUp: trees.lookUp,
    streams,
    sending: jobs.sending,
    jobs: jobs.jobs,
  });
  const kit = createKitFeature({ ...deps, access: repos.access });
  const channels = createChannelsFeature(deps);
  const { notices } = channels;
  const alerts = createAlertsFeature({
    ...deps,
    notices,
    nextRun,
    retention: repos.retention,
  });

  scheduling.connect({
    requests,
    agentEvents: registry,
    identity: deps.identity,
  });
  repos.connect(registry);
  trees.connect(requests);
  const stops = [
    hosts.connect({ requests, bus }),
    jobs.connect({ agentEvents: registry, bus }),
  ];

  return {
    routes: [
      ...hosts.routes,
      ...tokens.routes,
      ...scheduling.routes,
      ...hooks.routes,
      ...repos.routes,
      ...jobs.routes,
      ...maintenance.routes,
      ...trees.routes,
      ...restores.routes,
      ...kit.routes,
      ...alerts.routes,
      ...channels.routes,
    ],
    sockets: streams.sockets,
    views: {
      hosts: hosts.fleet.rows,
      revisions: hosts.fleet.revisions,
      summary: hosts.fleet.summary,
      pending: hosts.decisions.list,
      job: jobs.jobs.find,
      alert: alerts.alerts.find,
      alertCounts: alerts.alerts.counts,
      repository: repos.repositories.view,
      hostsOfRepository: repos.repositories.hostsOf,
    },
    start() {
      scheduling.start();
      stops.push(
        hosts.start(),
        tokens.start(),
        repos.start(),
        maintenance.start(),
        jobs.start(),
        trees.start(),
        restores.start(),
        channels.start(),
        alerts.start(),
        requests.start(),
        ingest.start(),
      );
      return () => {
        for (const stop of stops.toReversed()) stop();
      };
    },
  };
}
