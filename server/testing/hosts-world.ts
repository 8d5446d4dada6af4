import type { ApiErrorBody } from "@restic-manager/shared/api/errors.ts";
import { pendingList } from "@restic-manager/shared/api/hosts.ts";
import type { Role } from "@restic-manager/shared/domain/role.ts";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import type { Announced } from "@restic-manager/shared/protocol/announce.ts";
import { createMemoryBus } from "../adapters/memory-bus.ts";
import {
  dropRepositories,
  repositoriesOnlyOf,
  stopUpkeepBy,
} from "../features/repos/of-host.ts";
import { createHostsFeature } from "../features/hosts/feature.ts";
import { keysIn } from "../features/restores/temporary-key-store.ts";
import { createConfigRevision } from "../features/schedules/config-revision.ts";
import { nextRun } from "../features/schedules/next-run.ts";
import type { Reconcile } from "../features/hosts/presence.ts";
import { identityOf } from "../identity.ts";
import { createAgentCommands } from "../link/commands.ts";
import { createEventRegistry } from "../link/events.ts";
import { createHostKeys } from "../link/host-keys.ts";
import { createIngest } from "../link/ingest.ts";
import { readCommitted } from "../link/mark-store.ts";
import { createAgentRequests } from "../link/requests.ts";
import type { DomainEvent } from "../events.ts";
import { createTestAgent, type TestAgent } from "./test-agent.ts";
import { createTestAgentAccess } from "./test-agent-access.ts";
import { createTestApi, createTestWorld } from "./test-api.ts";
import type { TestApiOptions } from "./test-api.ts";

export type HostsWorld = ReturnType<typeof createHostsWorld>;

/** The hosts feature between its real doors: HTTP on one side, the memory bus and the signed link on the other. */
export function createHostsWorld(options: Pick<TestApiOptions, "config"> = {}) {
  const world = createTestWorld();
  const { db, clock, events } = world;
  const identity = identityOf(new Uint8Array(32).fill(99), world.random);
  const bus = createMemoryBus({ clock });
  const hostKeys = createHostKeys(db, clock);
  const broker = createTestAgentAccess();
  const requests = createAgentRequests({ ...world, bus, identity, hostKeys });
  const registry = createEventRegistry();
  const reconciled: Parameters<Reconcile>[0][] = [];
  const emitted: DomainEvent[] = [];
  events.on((event) => emitted.push(event));

  const commands = createAgentCommands({ ...world, bus, identity, hostKeys });
  const hosts = createHostsFeature({
    ...world,
    identity,
    broker,
    hostKeys,
    commands,
    repositories: {
      onlyOf: repositoriesOnlyOf,
      keysIn,
      drop: dropRepositories,
      stopUpkeepBy,
    },
    reconcile: async (state) => void reconciled.push(state),
    claimToken: async () => "token_invalid",
    nextRun,
    revision: createConfigRevision({
      ...world,
      commands,
      sizeOf: async () => 0,
    }),
    committed: (numbering) => readCommitted(db, numbering),
    config: {
      pendingExpiry: 3_600_000,
      offlineAfter: 90_000,
      heartbeatInterval: 30_000,
    },
  });
  hosts.connect({ requests, bus });
  createIngest({ ...world, bus, hostKeys, registry }).start();
  requests.start();
  bus.start();

  const api = createTestApi(world, { routes: hosts.routes, ...options });
  return {
    ...world,
    ...api,
    identity,
    bus,
    /** nkeys that the broker was told to cut. */
    cut: broker.cut,
    registry,
    hosts,
    reconciled,
    emitted,
    /** How many announcements are kept, shown or not. */
    pendingRows: async () =>
      (await db.selectFrom("pending_hosts").select("id").execute()).length,
    people: peopleSide(api),
    agents: agentsSide({ ...api, clock, serverKey: identity.publicKeyText }),
  };
}

/** Status and code of a refusal. */
export async function codeOf(
  response: Response | Promise<Response>,
): Promise<string> {
  const { status } = await response;
  const { code } = (await (await response).json()) as ApiErrorBody;
  return `${status} ${code}`;
}

/** What people do with hosts that wait, by HTTP. */
function peopleSide({
  request,
  send,
  as,
}: Pick<ReturnType<typeof createTestApi>, "request" | "send" | "as">) {
  const decide = async (
    verb: "accept" | "reject",
    id: string,
    body: object,
    role: Role = "admin",
  ) => send("POST", `/api/pending/${id}/${verb}`, body, await as(role));

  return {
    decide,
    accept: (agent: TestAgent, { pending_id }: Pick<Announced, "pending_id">) =>
      decide("accept", pending_id, { fingerprint: agent.fingerprint }),
    reject: (id: string) => decide("reject", id, {}),
    /** The hosts that the dashboard shows as waiting. */
    async waiting() {
      const headers = await as("viewer");
      const response = await request("/api/pending", { headers });
      return pendingList.parse(await response.json()).pending;
    },
  };
}

/** What agents do before they have access, by HTTP. */
function agentsSide({
  send,
  clock,
  serverKey,
}: Pick<ReturnType<typeof createTestApi>, "send"> &
  Pick<ReturnType<typeof createTestWorld>, "clock"> & { serverKey: string }) {
  /** An announce document, signed; `over` changes its fields. */
  const document = (
    agent: TestAgent,
    over: Readonly<Record<string, unknown>> = {},
  ) =>
    JSON.parse(
      agent.signed("rm-announce-v1", {
        v: 1,
        public_key: agent.publicKeyText,
        x25519: toBase64Url(agent.publicKey),
        server_key: serverKey,
        hostname: "nas",
        os: "linux",
        arch: "x64",
        tz: "Europe/Berlin",
        agent_version: "0.1.0",
        restic_version: "0.19.1",
        protocol_min: 1,
        protocol_max: 1,
        ...over,
      }),
    ) as object;

  const announce = (
    agent: TestAgent,
    over: Readonly<Record<string, unknown>> = {},
    headers: Record<string, string> = {},
  ) => send("POST", "/api/agents/announce", document(agent, over), headers);

  const wait = (
    agent: TestAgent,
    { pending_id, nonce }: Pick<Announced, "pending_id" | "nonce">,
    over: Readonly<Record<string, unknown>> = {},
  ) =>
    send(
      "POST",
      `/api/agents/announce/${pending_id}/wait`,
      JSON.parse(
        agent.signed("rm-proof-v1", {
          pending_id,
          nonce,
          server_key: serverKey,
          challenge: "challenge-16-long",
          ...over,
        }),
      ),
    );

  /** Begins to wait and comes back when the long poll is under way, or over. */
  const startWait = async (
    ...args: Parameters<typeof wait>
  ): Promise<{ readonly waiting: Promise<Response> }> => {
    const before = clock.pending();
    let isOver = false;
    const waiting = wait(...args).finally(() => (isOver = true));
    while (clock.pending() === before && !isOver)
      await new Promise((resolve) => setImmediate(resolve));
    return { waiting };
  };

  return {
    document,
    announce,
    wait,
    startWait,
    /** Announces and proves the key; the long poll goes on. */
    async join(number: number, over: Readonly<Record<string, unknown>> = {}) {
      const agent = createTestAgent(clock, number);
      const announced = (await (
        await announce(agent, over)
      ).json()) as Announced;
      return { agent, announced, ...(await startWait(agent, announced)) };
    },
  };
}
