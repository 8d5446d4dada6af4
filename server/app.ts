import { statfsSync } from "node:fs";
import { join } from "node:path";
import { delay } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { createBrokerKeyStore } from "./adapters/broker-key-store.ts";
import { extractBinary } from "./adapters/extract-binary.ts";
import { createNatsBroker } from "./adapters/nats-broker.ts";
import { createNatsBus } from "./adapters/nats-bus.ts";
import { streamBytesFor } from "./adapters/nats-streams.ts";
import type { SqliteStore } from "./adapters/sqlite-db.ts";
import type { Config } from "./config.ts";
import { createEvents } from "./events.ts";
import { createAudit } from "./features/audit/service.ts";
import { createPasswords } from "./features/auth/password.ts";
import { authRoutes } from "./features/auth/routes.ts";
import { createAuth } from "./features/auth/service.ts";
import type { Auth } from "./features/auth/service.ts";
import { createHostsFeature } from "./features/hosts/feature.ts";
import { createJobsFeature } from "./features/jobs/feature.ts";
import { createReposFeature } from "./features/repos/feature.ts";
import { createSchedulesFeature } from "./features/schedules/feature.ts";
import { agentFileRoutes } from "./http/agent-files.ts";
import { createApi } from "./http/api.ts";
import { createResolveClient } from "./http/client-ip.ts";
import { csrfToken } from "./http/csrf.ts";
import { healthRoutes } from "./http/health.ts";
import { startListener } from "./http/listener.ts";
import { createNatsFront } from "./http/nats-front.ts";
import { createSessionCookies, readSessionToken } from "./http/session.ts";
import { createStaticFiles } from "./http/static.ts";
import { openServerIdentity } from "./identity.ts";
import { createAgentCommands } from "./link/commands.ts";
import { createEventRegistry } from "./link/events.ts";
import { createHostKeys } from "./link/host-keys.ts";
import { createIngest } from "./link/ingest.ts";
import { readCommitted } from "./link/mark-store.ts";
import { createAgentRequests } from "./link/requests.ts";
import type { Secrets } from "./ports/secrets.ts";
import { publicUrl } from "./public-url.ts";
import type { Random } from "./random.ts";

export interface AppDeps {
  readonly store: SqliteStore;
  readonly secrets: Secrets;
  readonly config: Config;
  readonly assetsDir: string;
  readonly searchPath: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Says one line that a person must act on. */
  readonly notify: (line: string) => void;
}

export interface App {
  /** Where a browser reaches it. */
  readonly url: string;
  /** Ends everything in reverse order, cutting what has not ended after the drain time. */
  stop(): Promise<void>;
}

/** Agents of one large site behind one address, and room to spare. */
const maxConnectionsPerIp = 2000;

/** The composition root: makes every part, connects them, and starts them in order. */
export async function startApp(deps: AppDeps): Promise<App> {
  const { config, store, secrets, assetsDir, clock, random, log } = deps;
  const { db, tx } = store;
  const identity = await openServerIdentity({ db, secrets, random, clock });
  const events = createEvents(log);
  const audit = createAudit({ clock, random });
  const base = { db, tx, audit, events, random, clock, log };
  const auth = createAuth({ ...base, passwords: createPasswords() });

  const broker = createNatsBroker({
    dataDir: config.dataDir,
    binary: () => extractBinary(assetsDir, join(config.dataDir, "bin")),
    searchPath: deps.searchPath,
    store: createBrokerKeyStore(db, secrets, clock),
    onPresence: ({ hostId, connections, reason }) =>
      log.debug("An agent's connection came or went", {
        host_id: hostId,
        count: connections,
        reason,
      }),
    random,
    clock,
    log,
  });
  const bus = createNatsBus({
    address: broker.address,
    credentials: broker.controlPlane,
    streamBytes: streamBytesFor(freeBytes(config.dataDir)),
    clock,
    log,
  });
  const hostKeys = createHostKeys(db);
  const registry = createEventRegistry();
  const link = { bus, identity, hostKeys, registry, ...base };
  const requests = createAgentRequests(link);
  const commands = createAgentCommands(link);
  const ingest = createIngest(link);

  const shared = { ...base, commands };
  const hosts = createHostsFeature({
    ...base,
    identity,
    broker,
    committed: (numbering) => readCommitted(db, numbering),
    // Jobs are made after the hosts they run on.
    reconcile: (state) => jobs.reconcile(state),
    config,
  });
  const { presence } = hosts;
  const schedules = createSchedulesFeature(shared);
  const repos = createReposFeature({
    ...shared,
    secrets,
    identity,
    presence,
    config: schedules.config,
    schedules: schedules.schedules,
  });
  const jobs = createJobsFeature({
    ...shared,
    presence,
    repositoryUsed: repos.repositories.used,
  });
  schedules.connect({
    requests,
    agentEvents: registry,
    identity,
    parts: repos.parts,
  });
  repos.connect(registry);
  const stopHosts = hosts.connect({ requests, bus });
  const stopProgress = jobs.connect({ agentEvents: registry, bus });

  const front = createNatsFront({
    address: broker.address,
    maxPerIp: maxConnectionsPerIp,
    log,
  });
  const transport = {
    readToken: readSessionToken,
    csrfToken,
    ...createSessionCookies(config.cookieSecure),
  };
  const api = createApi({
    routes: [
      ...authRoutes({ auth, transport }),
      ...hosts.routes,
      ...schedules.routes,
      ...repos.routes,
      ...jobs.routes,
      ...healthRoutes({
        serverKey: identity.fingerprint,
        isStoreReady: store.isWritable,
        isBrokerReady: () => bus.connected(),
      }),
      ...agentFileRoutes({
        assetsDir,
        dataDir: config.dataDir,
        executable: process.execPath,
      }),
    ],
    sockets: [...front.routes],
    files: createStaticFiles(join(assetsDir, "ui")),
    actorOf: auth.sessionOf,
    resolveClient: createResolveClient(config.trustedProxy),
    allowedOrigins: config.allowedOrigins,
    random,
    clock,
    log,
  });

  await makeConfiguredAdmin(auth, config, log);
  // The port before the broker: a port that is taken must not cost a start of the broker.
  const listener = startListener(config.listen, api);
  const url = publicUrl(config, listener.port);
  log.info("Listening", { url });
  await broker.start();
  bus.start();
  const stopWatching = hosts.start();
  const stopRequests = requests.start();
  const stopIngest = ingest.start();
  if (await auth.needsBootstrap()) {
    const token = auth.issueBootstrapToken();
    deps.notify(`bootstrap url: ${url}/bootstrap?token=${token}`);
  }

  async function drain(): Promise<void> {
    await listener.stop();
    stopWatching();
    stopHosts();
    stopProgress();
    stopIngest();
    stopRequests();
    await bus.close();
    await broker.stop();
  }

  return {
    url,
    async stop() {
      await Promise.race([drain(), delay(clock, config.drainTimeout)]);
      await listener.cut();
      await store.close();
    },
  };
}

async function makeConfiguredAdmin(
  auth: Auth,
  { adminUsername, adminPassword }: Config,
  log: Log,
): Promise<void> {
  if (adminPassword === undefined) return;
  const isMade = await auth.createFirstAdmin(adminUsername, adminPassword);
  if (isMade)
    log.info("The first administrator is made", { user: adminUsername });
  else log.info("RM_ADMIN_PASSWORD is ignored: there are users");
}

function freeBytes(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}
