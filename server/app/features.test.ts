import { expect, test } from "bun:test";
import { hasPermission, roles } from "@restic-manager/shared/domain/role.ts";
import { createMemoryBus } from "../adapters/memory-bus.ts";
import { createSealedSecrets } from "../adapters/sealed-secrets.ts";
import { identityOf } from "../identity.ts";
import type { Route } from "../ports/route.ts";
import { createHostsWorld } from "../testing/hosts-world.ts";
import { createTestApi, createTestWorld } from "../testing/test-api.ts";
import type { TestApi, TestWorld } from "../testing/test-api.ts";
import {
  createTestBackups,
  found,
  setUpBody,
} from "../testing/test-backups.ts";
import { ok } from "../testing/test-endpoint.ts";
import { createFeatures } from "./features.ts";

function start() {
  const world = createTestWorld();
  const { routes } = createFeatures({
    ...world,
    secrets: createSealedSecrets(world.random.bytes(32), world.random),
    identity: identityOf(world.random.bytes(32), world.random),
    bus: createMemoryBus(world),
    broker: { issueAgentJwt: () => "jwt" },
    config: {
      pendingExpiry: 3_600_000,
      offlineAfter: 90_000,
      heartbeatInterval: 30_000,
    },
  });
  return createTestApi(world, { routes });
}

function ask(api: TestApi, route: Route, headers: Record<string, string>) {
  const path = route.path.replaceAll(/:\w+/g, "01ARZ3NDEKTSV4RRFFQ69G5FAV");
  return route.method === "GET"
    ? api.request(path, { headers })
    : api.send(route.method, path, {}, headers);
}

const named = ({ method, path }: Route) => `${method} ${path}`;

test("what is open to strangers is a closed list, and everything else answers 401 [AUT-05]", async () => {
  const api = start();
  const open = api.routes.filter((route) => route.access === "public");
  expect(open.map(named).toSorted()).toEqual([
    "GET /api/agents/server",
    "GET /api/auth/session",
    "POST /api/agents/announce",
    "POST /api/agents/announce/:id/wait",
    "POST /api/auth/bootstrap",
    "POST /api/auth/login",
  ]);
  for (const route of api.routes.filter((r) => r.access !== "public")) {
    const { status } = await ask(api, route, {});
    expect([named(route), status]).toEqual([named(route), 401]);
  }
});

test("every role is let in to exactly the routes of its permissions [TST-04]", async () => {
  const api = start();
  for (const role of roles) {
    for (const route of api.routes) {
      const { access } = route;
      if (access === "public" || access === "self") continue;
      const headers = await api.as(role);
      const isForbidden = (await ask(api, route, headers)).status === 403;
      expect([role, named(route), isForbidden]).toEqual([
        role,
        named(route),
        !hasPermission(role, access),
      ]);
    }
  }
});

interface Change {
  readonly world: Pick<TestWorld, "db">;
  readonly response: Response;
}

/** A valid request of each route that changes something. */
const changes: Record<string, () => Promise<Change>> = {
  async "POST /api/auth/login"() {
    const world = createTestWorld();
    await world.auth.createFirstAdmin(ada.username, ada.password);
    const { send } = createTestApi(world);
    return { world, response: await send("POST", "/api/auth/login", ada) };
  },
  async "POST /api/auth/bootstrap"() {
    const world = createTestWorld();
    const { send } = createTestApi(world);
    const body = { ...ada, token: world.auth.issueBootstrapToken() };
    return { world, response: await send("POST", "/api/auth/bootstrap", body) };
  },
  async "POST /api/auth/logout"() {
    const world = createTestWorld();
    const { send, as } = createTestApi(world);
    const admin = await as("admin");
    return {
      world,
      response: await send("POST", "/api/auth/logout", {}, admin),
    };
  },
  "POST /api/pending/:id/accept": () => decide("accept"),
  "POST /api/pending/:id/reject": () => decide("reject"),
  "POST /api/hosts/:id/setup": () =>
    onBackups(({ freshId }) => [
      "POST",
      `/api/hosts/${freshId}/setup`,
      setUpBody(),
    ]),
  "POST /api/hosts/:id/repository-test": () =>
    onBackups(({ freshId }) => [
      "POST",
      `/api/hosts/${freshId}/repository-test`,
      setUpBody(),
    ]),
  "POST /api/hosts/:id/jobs": () =>
    onBackups(({ hostId, group_id }) => [
      "POST",
      `/api/hosts/${hostId}/jobs`,
      { kind: "backup", source_group_id: group_id },
    ]),
  "POST /api/jobs/:id/cancel": () =>
    onBackups(({ job_id }) => ["POST", `/api/jobs/${job_id}/cancel`, {}]),
  "PATCH /api/schedules/:id": () =>
    onBackups(({ schedule_id }) => [
      "PATCH",
      `/api/schedules/${schedule_id}`,
      { enabled: false },
    ]),
  "PATCH /api/repositories/:id": () =>
    onBackups(({ repository }) => [
      "PATCH",
      `/api/repositories/${repository.id}`,
      { name: "attic" },
    ]),
  "PUT /api/sources/:id": () =>
    onBackups(({ group_id }) => [
      "PUT",
      `/api/sources/${group_id}`,
      { name: "default", includes: ["/srv"] },
    ]),
};

const ada = { username: "ada", password: "correct horse battery" };

async function decide(verb: "accept" | "reject"): Promise<Change> {
  const world = createHostsWorld();
  const { agent, announced } = await world.agents.join(1);
  const path = `/api/pending/${announced.pending_id}/${verb}`;
  const { fingerprint } = agent;
  const body = verb === "accept" ? { fingerprint } : {};
  const response = world.send("POST", path, body, await world.as("admin"));
  return { world, response: await response };
}

interface SetUp {
  /** A host that is not set up. */
  readonly freshId: string;
  readonly hostId: string;
  readonly group_id: string;
  readonly schedule_id: string;
  readonly repository: { readonly id: string };
  readonly job_id: string;
}

/** Where one host is set up and runs a job, and another is not. */
async function onBackups(
  request: (made: SetUp) => [method: string, path: string, body: object],
): Promise<Change> {
  const world = await createTestBackups();
  const fresh = await world.addHost(1, "fresh");
  fresh.onCommand("repo.test", () => ok(found()));
  const nas = await world.addHost(2, "nas");
  const made = await world.setUp(nas);
  const jobs = `/api/hosts/${nas.hostId}/jobs`;
  const body = { kind: "backup", source_group_id: made.group_id };
  const { id: job_id } = (await world.call("POST", jobs, body)).body;
  const [method, path, sent] = request({
    ...made,
    freshId: fresh.hostId,
    hostId: nas.hostId,
    job_id,
  });
  const response = await world.api.send(method, path, sent, world.admin);
  return { world, response };
}

const changing = start().routes.filter(
  ({ method, audit }) => method !== "GET" && audit !== "none",
);

test("every route that changes something is in the sweep below [AUD-01]", () => {
  expect(Object.keys(changes).toSorted()).toEqual(
    changing.map(named).toSorted(),
  );
});

for (const route of changing) {
  test(`${named(route)} leaves the audit row it declares [AUD-01]`, async () => {
    const change = await changes[named(route)]?.();
    expect(change?.response.ok).toBe(true);
    const rows = await change?.world.db
      .selectFrom("audit_log")
      .select(["action", "actor_kind", "ip"])
      .where("request_id", "=", change.response.headers.get("X-Request-Id"))
      .execute();
    expect(rows).toContainEqual({
      action: route.audit ?? "",
      actor_kind: "user",
      ip: "203.0.113.5",
    });
  });
}
