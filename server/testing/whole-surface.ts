import { join } from "node:path";
import { createHttpPost } from "../adapters/http-post.ts";
import { createMemoryBus } from "../adapters/memory-bus.ts";
import { createSealedSecrets } from "../adapters/sealed-secrets.ts";
import { createFeatures } from "../app/features.ts";
import { createSurface } from "../app/surface.ts";
import { csrfToken } from "../http/csrf.ts";
import { createLiveHub } from "../http/live-hub.ts";
import { createLive } from "../http/live.ts";
import {
  addressRate,
  connectionRate,
  createNatsFront,
} from "../http/nats-front.ts";
import { createSessionCookies, readSessionToken } from "../http/session.ts";
import { createStaticFiles } from "../http/static.ts";
import type { Passwords } from "../features/auth/password.ts";
import { identityOf } from "../identity.ts";
import { createTestAgentAccess } from "./test-agent-access.ts";
import { createTestApi, createTestWorld } from "./test-api.ts";

/** The smallest set of files that an executable carries. */
const dir = join(import.meta.dir, "surface-files");

/** Everything the server answers to, over an empty store: for tests that hold for every route. */
export function createWholeSurface(passwords?: Passwords) {
  const world = createTestWorld(passwords);
  const { random, clock } = world;
  const identity = identityOf(random.bytes(32), random);
  const features = createFeatures({
    ...world,
    confirm: world.auth.confirm,
    version: "0.0.0",
    secrets: createSealedSecrets(random.bytes(32), random),
    identity,
    bus: createMemoryBus(world),
    broker: createTestAgentAccess(),
    post: createHttpPost(clock),
    config: {
      agentUrls: [],
      pendingExpiry: 3_600_000,
      offlineAfter: 90_000,
      heartbeatInterval: 30_000,
    },
  });
  const surface = createSurface({
    ...world,
    features,
    transport: {
      readToken: readSessionToken,
      csrfToken,
      ...createSessionCookies("auto"),
    },
    live: createLive({
      ...world,
      hub: createLiveHub(clock, "boot"),
      jobExists: async (id) => (await features.views.job(id)) !== null,
    }),
    front: createNatsFront({
      ...world,
      address: () => null,
      maxPerIp: 10,
      connectionRate,
      addressRate,
    }),
    health: {
      serverKey: identity.fingerprint,
      isStoreReady: async () => true,
      isBrokerReady: () => true,
    },
    agentFiles: {
      assetsDir: dir,
      dataDir: dir,
      executable: join(dir, "linux-x64/restic-manager-server"),
    },
  });
  const files = createStaticFiles(join(dir, "ui"));
  return { ...world, ...createTestApi(world, { surface, files }) };
}
