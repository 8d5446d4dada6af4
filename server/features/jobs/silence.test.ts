import { beforeEach, expect, test } from "bun:test";
import { createTestBackups } from "../../testing/test-backups.ts";
import type { TestBackups } from "../../testing/test-backups.ts";
import { settle } from "../../testing/test-endpoint.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";

let server: TestBackups;
let host: TestEndpoint;
let groupId: string;
let id: string;

const hour = 60 * 60_000;

beforeEach(async () => {
  server = await createTestBackups();
  host = await server.addHost(1, "laptop");
  groupId = (await server.setUp(host)).group_id;
  server.jobs.start();
  id = server.random.id();
  await host.report("job.started", started());
  await seen("online");
});

const started = () => ({
  job_id: id,
  kind: "backup",
  actor: "schedule",
  schedule_id: null,
  source_group_id: groupId,
  repository_id: null,
  started_at: "2026-01-01T00:00:01.000Z",
  command: "restic backup",
});
const done = {
  outcome: "succeeded",
  finished_at: "2026-01-02T09:00:00.000Z",
  exit_code: 0,
  error: null,
  stats: null,
  log_lines: 0,
};

/** As presence notes it. */
async function seen(status: "online" | "offline"): Promise<void> {
  const last_seen_at = new Date(server.clock.now()).toISOString();
  await server.db.updateTable("hosts").set({ status, last_seen_at }).execute();
}

async function pass(ms: number): Promise<void> {
  await server.clock.advance(ms);
  await settle();
}

// A session of a person ends with its day, and days pass here.
const get = (jobId = id) => server.jobs.jobs.get(jobId);
const silent = { state: "lost", error: { code: "host_silent" } };

test("a job of a host that is silent for a day is lost, with the reason [AGT-13]", async () => {
  await seen("offline");
  await pass(24 * hour - 60_000);
  expect((await get()).state).toBe("running");
  await pass(hour);
  expect(await get()).toMatchObject(silent);
  expect((await get()).error?.message).toContain(
    "The host has not been heard of for a day",
  );
});

test("a host that is heard of keeps its job, however long it takes [AGT-13]", async () => {
  await pass(5 * 24 * hour);
  expect((await get()).state).toBe("running");
});

test("after days without the server a host has time to come back [AGT-13]", async () => {
  await server.db
    .updateTable("hosts")
    .set({ status: "online", last_seen_at: "2025-12-01T00:00:00.000Z" })
    .execute();
  await pass(hour);
  expect((await get()).state).toBe("running");
});

test("the real end of a job that was given up replaces it [AGT-13]", async () => {
  await seen("offline");
  await pass(26 * hour);
  await host.report("job.done", { ...started(), ...done });
  expect(await get()).toMatchObject({
    state: "succeeded",
    error: null,
    finished_at: done.finished_at,
  });
  // That is an end like any other.
  await host.report("job.done", { ...started(), ...done, outcome: "failed" });
  expect((await get()).state).toBe("succeeded");
});

test("a job that was given up and still runs runs again, and may be cancelled [AGT-13]", async () => {
  await seen("offline");
  await pass(26 * hour);
  await server.jobs.reconcile({
    host: host.hostId,
    running_jobs: [id],
    outbox_depth: 3,
  });
  expect(await get()).toMatchObject({
    state: "running",
    error: null,
    finished_at: null,
  });
  const admin = await server.api.as("admin");
  const path = `/api/jobs/${id}/cancel`;
  expect((await server.api.send("POST", path, {}, admin)).status).toBe(202);
});

test("a start that arrives late ends no job's being lost for another reason [AGT-13]", async () => {
  await pass(62_000);
  const state = { host: host.hostId, running_jobs: [], outbox_depth: 0 };
  await server.jobs.reconcile(state);
  expect(await get()).toMatchObject({ error: { code: "agent_restarted" } });
  await server.jobs.reconcile({ ...state, running_jobs: [id] });
  await host.report("job.done", { ...started(), ...done });
  expect((await get()).state).toBe("lost");
});

test("upkeep that waits for its repository was given to nobody and is not lost [AGT-13] [LCK-02]", async () => {
  const waiting = server.random.id();
  const row = {
    id: waiting,
    host_id: host.hostId,
    kind: "prune" as const,
    status: "queued" as const,
    actor_kind: "user" as const,
    queued_at: "2026-01-01T00:00:00.000Z",
  };
  await server.db.insertInto("jobs").values(row).execute();
  const { id: repository_id } = await server.db
    .selectFrom("repositories")
    .select("id")
    .executeTakeFirstOrThrow();
  // The backup that runs holds it up.
  await server.db.updateTable("jobs").set({ repository_id }).execute();
  await pass(10 * 60_000);
  const state = { host: host.hostId, running_jobs: [id], outbox_depth: 0 };
  await server.jobs.reconcile(state);
  const stateOf = async () => (await get(waiting)).state;
  expect(await stateOf()).toBe("queued");
  // Given away just now: the agent's list may have crossed with it.
  const sent_at = new Date(server.clock.now() - 1000).toISOString();
  await server.db
    .updateTable("jobs")
    .set({ sent_at })
    .where("id", "=", waiting)
    .execute();
  await server.jobs.reconcile(state);
  expect(await stateOf()).toBe("queued");
  await pass(61_000);
  await server.jobs.reconcile(state);
  expect(await stateOf()).toBe("lost");
});
