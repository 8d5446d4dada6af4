import { createMemoryBus } from "../adapters/memory-bus.ts";
import { createSealedSecrets } from "../adapters/sealed-secrets.ts";
import type { DomainEvent } from "../events.ts";
import { isOverdue } from "../features/alerts/overdue.ts";
import { createHooksFeature } from "../features/hooks/feature.ts";
import { createJobsFeature } from "../features/jobs/feature.ts";
import { createMaintenanceFeature } from "../features/maintenance/feature.ts";
import { createPrepare } from "../features/maintenance/prepare.ts";
import { createRestoresFeature } from "../features/restores/feature.ts";
import { createReposFeature } from "../features/repos/feature.ts";
import { createSchedulesFeature } from "../features/schedules/feature.ts";
import { nextRun } from "../features/schedules/next-run.ts";
import { createTreesFeature } from "../features/trees/feature.ts";
import { createAgentStreams } from "../http/agent-streams.ts";
import { identityOf } from "../identity.ts";
import { createAgentCommands } from "../link/commands.ts";
import { createEventRegistry } from "../link/events.ts";
import { createHostKeys } from "../link/host-keys.ts";
import { createIngest } from "../link/ingest.ts";
import { createAgentRequests } from "../link/requests.ts";
import { createTestApi, createTestWorld } from "./test-api.ts";
import { createTestEndpoint, ok } from "./test-endpoint.ts";
import type { TestEndpoint } from "./test-endpoint.ts";

export type TestBackups = Awaited<ReturnType<typeof createTestBackups>>;

/** Repositories, schedules and jobs as `app.ts` puts them together, on the memory bus. */
export async function createTestBackups() {
  const world = createTestWorld();
  const { db, tx, clock, random, log, events } = world;
  const bus = createMemoryBus({ clock });
  const identity = identityOf(random.bytes(32), random);
  const secrets = createSealedSecrets(random.bytes(32), random);
  const hostKeys = createHostKeys(db, clock);
  const registry = createEventRegistry();
  const requests = createAgentRequests({ ...world, bus, identity, hostKeys });
  const base = {
    ...world,
    commands: createAgentCommands({ ...world, bus, identity, hostKeys }),
  };
  const epochs = new Map<string, string>();
  const presence = {
    isOnline: (hostId: string) => epochs.has(hostId),
    epochOf: (hostId: string) => epochs.get(hostId) ?? null,
  };
  const schedules = createSchedulesFeature({
    ...base,
    parts: {
      repositories: (...args) => repos.parts.repositories(...args),
      groups: (...args) => repos.parts.groups(...args),
    },
    addresses: agentUrls,
  });
  const { config } = schedules;
  const hooks = createHooksFeature({ ...base, secrets, config });
  const repos = createReposFeature({
    ...base,
    secrets,
    identity,
    presence,
    config,
    schedules: schedules.schedules,
    hooksOfGroups: hooks.ofGroups,
    isOverdue: (waiting, now) => isOverdue(waiting, now, nextRun),
  });
  const jobs = createJobsFeature({
    ...base,
    identity,
    presence,
    repositoryUsed: repos.repositories.used,
    prepare: createPrepare(repos),
  });
  const trees = createTreesFeature({
    ...base,
    presence,
    hostsOfRepository: repos.repositories.hostsOf,
  });
  const maintenance = createMaintenanceFeature({
    ...base,
    access: repos.access,
    findPolicies: repos.findPolicies,
    queue: jobs.upkeep,
    jobs: jobs.jobs,
    presence,
    nextRun,
  });
  const streams = createAgentStreams({ ...world, hostKeys });
  const restores = createRestoresFeature({
    ...base,
    identity,
    presence,
    access: repos.access,
    runnersOf: maintenance.runnersOf,
    keepersOf: maintenance.keepersOf,
    lookUp: trees.lookUp,
    streams,
    sending: jobs.sending,
    jobs: jobs.jobs,
  });
  schedules.connect({ requests, agentEvents: registry, identity });
  repos.connect(registry);
  jobs.connect({ agentEvents: registry, bus });
  trees.connect(requests);
  requests.start();
  createIngest({ bus, tx, hostKeys, registry, clock, log }).start();
  bus.start();

  const api = createTestApi(world, {
    sockets: streams.sockets,
    routes: [
      ...schedules.routes,
      ...hooks.routes,
      ...repos.routes,
      ...jobs.routes,
      ...trees.routes,
      ...restores.routes,
      ...maintenance.routes,
    ],
  });
  const heard: DomainEvent[] = [];
  events.on((event) => heard.push(event));
  const admin = await api.as("admin");

  const addHost = (number: number, name: string) =>
    createTestEndpoint({ db, clock, bus, epochs, number, name });

  async function call(method: string, path: string, body?: unknown) {
    const response =
      body === undefined && method === "GET"
        ? await api.request(path, { headers: admin })
        : await api.send(method, path, body ?? {}, admin);
    const text = await response.text();
    return { status: response.status, text, body: readJson(text) };
  }

  return {
    ...world,
    api,
    streams,
    reconcile: jobs.reconcile,
    admin,
    heard,
    secrets,
    jobs,
    startSchedules: schedules.start,
    startTrees: trees.start,
    startRestores: restores.start,
    /** Begins to look for upkeep that is due, and for the turn of what waits. */
    startUpkeep() {
      jobs.start();
      maintenance.start();
    },
    addHost,
    call,
    /** Sets a host up with a repository the agent finds; resolves to what the API answered. */
    async setUp(host: TestEndpoint, over = {}) {
      host.onCommand("repo.test", () => ok(found()));
      const path = `/api/hosts/${host.hostId}/setup`;
      return (await call("POST", path, { ...setUpBody(), ...over })).body;
    },
    actions: async () =>
      (
        await db
          .selectFrom("audit_log")
          .select(["action", "target_id"])
          .orderBy("id")
          .execute()
      ).map((row) => row.action),
  };
}

export const agentUrls = ["https://10.0.0.2:8443"];

export const resticId = "a".repeat(64);

export const found = (over: object = {}) => ({
  repository_id: resticId,
  created: false,
  snapshot_count: 0,
  missing_includes: [],
  ...over,
});

export const setUpBody = () => ({
  repository: {
    url: "rest:http://nas:8000/backup",
    mode: "existing",
    credential: {
      password: "correct horse",
      username: "nas",
      user_password: "battery staple",
      env: {},
    },
  },
  source: { name: "default", includes: ["/etc"], excludes: ["*.tmp"] },
});

// oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into, field by field
function readJson(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
