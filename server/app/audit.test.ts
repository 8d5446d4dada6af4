import { expect, test } from "bun:test";
import { createHostsWorld } from "../testing/hosts-world.ts";
import { createTestApi, createTestWorld } from "../testing/test-api.ts";
import type { TestWorld } from "../testing/test-api.ts";
import { createFeaturesWorld } from "../testing/features-world.ts";
import { named } from "../testing/sweep.ts";
import { createTestAlerts, failing } from "../testing/test-alerts.ts";
import {
  createTestBackups,
  found,
  setUpBody,
} from "../testing/test-backups.ts";
import {
  createApprovedAgent,
  rotateWhenTold,
} from "../testing/approved-agent.ts";
import { createTestAgent } from "../testing/test-agent.ts";
import { ok } from "../testing/test-endpoint.ts";
import {
  createTestTokens,
  tokenBody,
  tokensPath,
} from "../testing/test-tokens.ts";
import { createTestTrees, snapshotOf } from "../testing/test-trees.ts";
import { createTestRestores, toFolder } from "../testing/test-restores.ts";
import { createTestUpkeep } from "../testing/test-upkeep.ts";
import { createWholeSurface } from "../testing/whole-surface.ts";

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
  async "POST /api/kit"() {
    const world = createFeaturesWorld();
    await world.auth.createFirstAdmin(ada.username, ada.password);
    const login = await world.send("POST", "/api/auth/login", ada);
    const { csrf_token } = (await login.json()) as { csrf_token: string };
    const [Cookie = ""] = (login.headers.get("Set-Cookie") ?? "").split(";");
    const headers = { Cookie, "X-CSRF-Token": csrf_token };
    const body = { password: ada.password };
    const response = await world.send("POST", "/api/kit", body, headers);
    world.stop();
    return { world, response };
  },
  async "DELETE /api/auth/sessions/:id"() {
    const world = createTestWorld();
    const { request, as } = createTestApi(world);
    const headers = await as("viewer");
    const { id } = await world.db
      .selectFrom("sessions")
      .select("id")
      .executeTakeFirstOrThrow();
    const path = `/api/auth/sessions/${id}`;
    return {
      world,
      response: await request(path, { method: "DELETE", headers }),
    };
  },
  "POST /api/pending/:id/accept": () => decide("accept"),
  "POST /api/pending/:id/reject": () => decide("reject"),
  "POST /api/enrolment/tokens": () =>
    onTokens(() => ["POST", tokensPath, tokenBody()]),
  "DELETE /api/enrolment/tokens/:id": () =>
    onTokens((id) => ["DELETE", `${tokensPath}/${id}`, {}]),
  async "DELETE /api/hosts/:id"() {
    const world = createHostsWorld();
    const { hostId } = await createApprovedAgent(world, 1, "nas");
    const [path, admin] = [`/api/hosts/${hostId}`, await world.as("admin")];
    const response = world.send("DELETE", path, { name: "nas" }, admin);
    return { world, response: await response };
  },
  async "PATCH /api/hosts/:id"() {
    const world = createHostsWorld();
    const { hostId } = await createApprovedAgent(world, 1, "nas");
    const [path, admin] = [`/api/hosts/${hostId}`, await world.as("admin")];
    const response = world.send("PATCH", path, { tags: ["db"] }, admin);
    return { world, response: await response };
  },
  async "POST /api/hosts/:id/rotate-key"() {
    const world = createHostsWorld();
    const nas = await createApprovedAgent(world, 1, "nas");
    rotateWhenTold(world, nas, createTestAgent(world.clock, 2, nas.hostId));
    const path = `/api/hosts/${nas.hostId}/rotate-key`;
    const response = world.send("POST", path, {}, await world.as("admin"));
    return { world, response: await response };
  },
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
  "POST /api/hosts/:id/schedules": () =>
    onBackups(({ hostId, group_id }) => [
      "POST",
      `/api/hosts/${hostId}/schedules`,
      { cron: "0 1 * * *", group_ids: [group_id] },
    ]),
  "DELETE /api/schedules/:id": () =>
    onBackups(({ schedule_id }) => [
      "DELETE",
      `/api/schedules/${schedule_id}`,
      {},
    ]),
  "PATCH /api/repositories/:id": () =>
    onBackups(({ repository }) => [
      "PATCH",
      `/api/repositories/${repository.id}`,
      { name: "attic" },
    ]),
  "POST /api/alerts/:id/acknowledge": () =>
    onAlerts(({ alert }) => ["POST", `/api/alerts/${alert}/acknowledge`, {}]),
  "POST /api/alerts/:id/resolve": () =>
    onAlerts(({ alert }) => ["POST", `/api/alerts/${alert}/resolve`, {}]),
  "POST /api/channels": () =>
    onAlerts(() => ["POST", "/api/channels", { ...pager, name: "other" }]),
  "PUT /api/channels/:id": () =>
    onAlerts(({ channel }) => ["PUT", `/api/channels/${channel}`, pager]),
  "DELETE /api/channels/:id": () =>
    onAlerts(({ channel }) => ["DELETE", `/api/channels/${channel}`, {}]),
  "POST /api/channels/:id/test": () =>
    onAlerts(({ channel }) => ["POST", `/api/channels/${channel}/test`, {}]),
  "PUT /api/sources/:id": () =>
    onBackups(({ group_id }) => [
      "PUT",
      `/api/sources/${group_id}`,
      { name: "default", includes: ["/srv"] },
    ]),
  "POST /api/hosts/:id/sources": () =>
    onBackups(({ hostId }) => [
      "POST",
      `/api/hosts/${hostId}/sources`,
      { name: "other", includes: ["/srv"] },
    ]),
  "DELETE /api/sources/:id": () =>
    onBackups(({ spare_id }) => ["DELETE", `/api/sources/${spare_id}`, {}]),
  "PUT /api/sources/:id/hooks": () =>
    onBackups(({ group_id }) => [
      "PUT",
      `/api/sources/${group_id}/hooks`,
      { pre: "sync", post: null },
    ]),
  "PUT /api/hosts/:id/hooks": () =>
    onBackups(({ hostId }) => [
      "PUT",
      `/api/hosts/${hostId}/hooks`,
      { pre: "sync", post: null, shell: null },
    ]),
  "PUT /api/repositories/:id/admin-credential": () =>
    onUpkeep("PUT", "admin-credential", { username: "admin" }),
  "DELETE /api/repositories/:id/admin-credential": () =>
    onUpkeep("DELETE", "admin-credential"),
  async "PUT /api/repositories/:id/maintenance"() {
    const world = await createTestUpkeep();
    const { settings } = await world.maintenance();
    const changed = { ...settings, check_subset_pct: 50 };
    return onUpkeep("PUT", "maintenance", changed);
  },
  async "POST /api/repositories/:id/snapshots/:snapshot/index"() {
    const world = await createTestTrees();
    await world.list(world.nas, [1]);
    const path = `${world.base}/snapshots/${snapshotOf(1)}/index`;
    const response = await world.api.send("POST", path, {}, world.admin);
    return { world, response };
  },
  "DELETE /api/repositories/:id/index": () => onUpkeep("DELETE", "index"),
  "POST /api/repositories/:id/forget": () => onUpkeep("POST", "forget"),
  async "POST /api/repositories/:id/snapshots/:snapshot/restore"() {
    const world = await createTestRestores();
    const path = `${world.snapshot}/restore`;
    const body = toFolder(world.nas);
    const response = await world.api.send("POST", path, body, world.admin);
    return { world, response };
  },
  "POST /api/repositories/:id/prune": () => onUpkeep("POST", "prune"),
  "POST /api/repositories/:id/check": () => onUpkeep("POST", "check"),
  "POST /api/repositories/:id/unlock": () => onUpkeep("POST", "unlock"),
  "POST /api/repositories/:id/unlock-all": () => onUpkeep("POST", "unlock-all"),
  "POST /api/repositories/:id/reinit": () =>
    onUpkeep("POST", "reinit", { name: "backup" }),
};

/** A channel that nobody listens at. */
const pager = {
  kind: "webhook",
  name: "pager",
  enabled: true,
  severities: ["warning"],
  url: "http://127.0.0.1:1/",
  auth: "none",
};

/** Where one alert is open, and one channel is there. */
async function onAlerts(
  request: (made: {
    alert: string;
    channel: string;
  }) => [method: string, path: string, body: object],
): Promise<Change> {
  const world = await createTestAlerts();
  const { id: channel } = await world.addChannel(pager);
  const nas = await world.addHost(1, "nas");
  await world.backup(nas, await world.setUp(nas), failing());
  world.start();
  await world.pass(1000);
  const [{ id: alert } = { id: "" }] = await world.list();
  const [method, path, body] = request({ alert, channel });
  const response = await world.api.send(method, path, body, world.admin);
  return { world, response };
}

/** Where a repository has a policy and an admin credential. */
async function onUpkeep(
  method: string,
  what: string,
  body: object = {},
): Promise<Change> {
  const world = await createTestUpkeep();
  await world.keep({ daily: 7 });
  await world.setAdmin();
  const path = `${world.base}/${what}`;
  const response = await world.api.send(method, path, body, world.admin);
  return { world, response };
}

async function onTokens(
  request: (id: string) => [method: string, path: string, body: object],
): Promise<Change> {
  const world = await createTestTokens();
  const [method, path, body] = request((await world.make()).id);
  const response = await world.send(method, path, body, world.admin);
  return { world, response };
}

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
  /** A group that no schedule runs. */
  readonly spare_id: string;
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
  const sources = `/api/hosts/${nas.hostId}/sources`;
  const spare = { name: "spare", includes: ["/srv"] };
  const { id: spare_id } = (await world.call("POST", sources, spare)).body;
  const [method, path, sent] = request({
    ...made,
    freshId: fresh.hostId,
    hostId: nas.hostId,
    spare_id,
    job_id,
  });
  const response = await world.api.send(method, path, sent, world.admin);
  return { world, response };
}

const changing = createWholeSurface().routes.filter(
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
