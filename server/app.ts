import { statfsSync } from "node:fs";
import { join } from "node:path";
import { delay } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { createBrokerKeyStore } from "./adapters/broker-key-store.ts";
import { createHttpPost } from "./adapters/http-post.ts";
import { extractBinary } from "./adapters/extract-binary.ts";
import { createNatsBroker } from "./adapters/nats-broker.ts";
import { createNatsBus } from "./adapters/nats-bus.ts";
import { streamBytesFor } from "./adapters/nats-streams.ts";
import type { SqliteStore } from "./adapters/sqlite-db.ts";
import { createFeatures } from "./app/features.ts";
import { createSurface } from "./app/surface.ts";
import type { Config } from "./config.ts";
import { createEvents } from "./events.ts";
import { createAudit } from "./features/audit/service.ts";
import { createLoginThrottle } from "./features/auth/login-throttle.ts";
import { createPasswords } from "./features/auth/password.ts";
import { createAuth } from "./features/auth/service.ts";
import type { Auth } from "./features/auth/service.ts";
import { createSessions } from "./features/auth/sessions.ts";
import { createViolations } from "./features/violations/violations.ts";
import { createApi } from "./http/api.ts";
import { createResolveClient } from "./http/client-ip.ts";
import { csrfToken } from "./http/csrf.ts";
import { startLiveFeed } from "./http/live-feed.ts";
import { createLiveHub } from "./http/live-hub.ts";
import { createLive } from "./http/live.ts";
import { startListener } from "./http/listener.ts";
import {
  addressRate,
  connectionRate,
  createNatsFront,
} from "./http/nats-front.ts";
import { createSessionCookies, readSessionToken } from "./http/session.ts";
import { createWatchSession } from "./http/session-watch.ts";
import { createStaticFiles } from "./http/static.ts";
import { openServerIdentity } from "./identity.ts";
import type { Secrets } from "./ports/secrets.ts";
import { publicUrl } from "./public-url.ts";
import type { Random } from "./random.ts";
import { build } from "./version.ts";

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
  /** Ends everything in reverse order; requests that have not ended after the drain time are cut. */
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
  const auth = createAuth({
    ...base,
    passwords: createPasswords(),
    throttle: createLoginThrottle(clock),
  });
  const sessions = createSessions(base);
  const watchSession = createWatchSession({ ...base, ...auth });
  const violations = createViolations({
    ...base,
    broker: { hostOf: (connection) => broker.hostOf(connection) },
  });

  const broker = createNatsBroker({
    dataDir: config.dataDir,
    binary: () => extractBinary(assetsDir, join(config.dataDir, "bin")),
    searchPath: deps.searchPath,
    store: createBrokerKeyStore(db, secrets, clock),
    onViolation: violations.refused,
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
  const features = createFeatures({
    ...base,
    secrets,
    identity,
    bus,
    broker,
    post: createHttpPost(clock),
    confirm: auth.confirm,
    watchSession,
    version: build.version,
    config,
  });

  const hub = createLiveHub(clock, random.id());
  const live = createLive({
    hub,
    watchSession,
    jobExists: async (id) => (await features.views.job(id)) !== null,
    clock,
    log,
  });
  const front = createNatsFront({
    address: broker.address,
    maxPerIp: maxConnectionsPerIp,
    connectionRate,
    addressRate,
    clock,
    log,
  });
  const surface = createSurface({
    db,
    auth,
    sessions,
    transport: {
      readToken: readSessionToken,
      csrfToken,
      ...createSessionCookies(config.cookieSecure),
    },
    features,
    live,
    front,
    health: {
      serverKey: identity.fingerprint,
      isStoreReady: store.isWritable,
      isBrokerReady: () => bus.connected(),
    },
    agentFiles: {
      assetsDir,
      dataDir: config.dataDir,
      executable: process.execPath,
    },
  });
  const api = createApi({
    ...surface,
    files: createStaticFiles(join(assetsDir, "ui")),
    actorOf: auth.sessionOf,
    resolveClient: createResolveClient(config.trustedProxy),
    allowedOrigins: [config.baseUrl, ...config.allowedOrigins].filter(
      (origin) => origin !== undefined,
    ),
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
  const { views } = features;
  const stopFeed = startLiveFeed({ events, hub, views, random, clock, log });
  const stopFeatures = features.start();
  const stopSessions = sessions.start();
  const stopViolations = violations.start();
  if (await auth.needsBootstrap()) {
    const token = auth.issueBootstrapToken();
    deps.notify(`bootstrap url: ${url}/bootstrap?token=${token}`);
  }

  return {
    url,
    async stop() {
      // The listener would wait for event streams and long polls.
      live.endStreams();
      stopFeatures();
      const drained = new AbortController();
      const limit = delay(clock, config.drainTimeout, drained.signal);
      await Promise.race([listener.stop(), limit]);
      drained.abort();
      await listener.cut();
      stopSessions();
      stopViolations();
      stopFeed();
      await bus.close();
      await broker.stop();
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
