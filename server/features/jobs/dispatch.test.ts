import { beforeEach, expect, test } from "bun:test";
import { apiErrors } from "@restic-manager/shared/api/errors.ts";
import { createTestBackups } from "../../testing/test-backups.ts";
import type { TestBackups } from "../../testing/test-backups.ts";
import { refused, settle } from "../../testing/test-endpoint.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";

let server: TestBackups;
let host: TestEndpoint;
let groupId: string;
let repositoryId: string;

beforeEach(async () => {
  server = await createTestBackups();
  host = await server.addHost(1, "nas");
  const saved = await server.setUp(host);
  groupId = saved.group_id;
  repositoryId = saved.repository.id;
  host.received.length = 0;
});

const run = (hostId = host.hostId, source_group_id = groupId) =>
  server.call("POST", `/api/hosts/${hostId}/jobs`, {
    kind: "backup",
    source_group_id,
  });

const stored = () =>
  server.db.selectFrom("jobs").select(["id", "status"]).execute();

test("a run is sent to the agent and shown with all its names [JOB-02]", async () => {
  const answer = await run();

  expect(answer.status).toBe(202);
  expect(answer.body).toMatchObject({
    host_name: "nas",
    kind: "backup",
    state: "sent",
    actor: "user",
    actor_name: expect.stringContaining("admin"),
    source_group_name: "default",
    repository_id: repositoryId,
    repository_name: "backup",
    started_at: null,
    log_lines: 0,
    progress: null,
    cancel_requested: false,
  });
  expect(host.received.map((sent) => [sent.verb, sent.p])).toEqual([
    [
      "job.start",
      {
        job_id: answer.body.id,
        kind: "backup",
        source_group_id: groupId,
        cfg_rev: 1,
        epoch: "epoch-1",
      },
    ],
  ]);
  expect(await server.actions()).toContain("job.run");
  expect(server.heard).toContainEqual({
    type: "job.changed",
    jobId: answer.body.id,
    hostId: host.hostId,
  });
});

test("a run may have a bandwidth of its own, which the audit names [SCH-08]", async () => {
  const limits = { up_kbps: 512, down_kbps: null };
  const path = `/api/hosts/${host.hostId}/jobs`;
  const body = { kind: "backup", source_group_id: groupId, limits };
  expect((await server.call("POST", path, body)).status).toBe(202);
  expect(host.received.at(-1)?.p).toMatchObject({ limits });
  const { payload } = await server.db
    .selectFrom("audit_log")
    .select("payload")
    .where("action", "=", "job.run")
    .executeTakeFirstOrThrow();
  expect(JSON.parse(payload ?? "")).toMatchObject(limits);
});

test("a host that is away is refused and nothing is queued [JOB-03]", async () => {
  host.disconnect();
  const answer = await run();
  expect([answer.status, answer.body.code]).toEqual([503, "host_offline"]);
  expect(await stored()).toEqual([]);
  expect(await server.actions()).not.toContain("job.run");
});

test("a host that still shows online after a start of the server, and has not come back, is said to be on its way [JOB-03]", async () => {
  host.disconnect();
  expect((await run()).body.message).toContain("has not come back yet");
  await server.db.updateTable("hosts").set({ status: "offline" }).execute();
  expect((await run()).body.message).toBe(apiErrors.host_offline[1]);
});

test("a host that went away unnoticed is refused too, and the audit says so [JOB-03]", async () => {
  host.disconnect({ stillSeen: true });
  const answer = await run();
  expect([answer.status, answer.body.code]).toEqual([503, "host_offline"]);
  expect(await stored()).toEqual([]);
  expect((await server.actions()).slice(-2)).toEqual([
    "job.run",
    "job.withdraw",
  ]);
});

test("what the agent refuses has failed, with the agent's reason", async () => {
  host.onCommand("job.start", () =>
    refused("restic_missing", "No usable restic."),
  );
  const answer = await run();
  expect(answer.body).toMatchObject({
    state: "failed",
    error: { code: "restic_missing", message: "No usable restic." },
    finished_at: expect.any(String),
  });
});

test("a command without an answer stays sent, and its late start is still its own", async () => {
  host.onCommand("job.start", () => "silent");
  const asked = run();
  await settle();
  await server.clock.advance(10_000);
  const { body } = await asked;
  expect(body.state).toBe("sent");

  await host.report("job.started", {
    job_id: body.id,
    kind: "backup",
    actor: "user",
    schedule_id: null,
    source_group_id: groupId,
    repository_id: repositoryId,
    started_at: "2026-01-01T00:00:11.000Z",
    command: "restic backup",
  });
  const { body: job } = await server.call("GET", `/api/jobs/${body.id}`);
  expect(job).toMatchObject({
    state: "running",
    actor_name: expect.stringContaining("admin"),
    command: "restic backup",
  });
});

test("unknown hosts and groups, and another host's group, are not found", async () => {
  const other = await server.addHost(2, "laptop");
  await server.setUp(other);
  const unknown = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  for (const [answer, code] of [
    [await run("h000000000009"), "host_not_found"],
    [await run(host.hostId, unknown), "source_group_not_found"],
    [await run(other.hostId), "source_group_not_found"],
  ] as const) {
    expect([answer.status, answer.body.code]).toEqual([404, code]);
  }
  expect(await stored()).toEqual([]);
});

test("a host that is not set up has nothing to run", async () => {
  const fresh = await server.addHost(2, "fresh");
  const answer = await run(fresh.hostId);
  expect([answer.status, answer.body.code]).toEqual([409, "host_not_set_up"]);
});

test("a viewer may look and not run", async () => {
  const viewer = await server.api.as("viewer");
  const path = `/api/hosts/${host.hostId}/jobs`;
  const body = { kind: "backup", source_group_id: groupId };
  expect((await server.api.send("POST", path, body, viewer)).status).toBe(403);
  const list = await server.api.request("/api/jobs", { headers: viewer });
  expect(list.status).toBe(200);
});

test("jobs are listed newest first, by host, by state and by page", async () => {
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.unshift((await run()).body.id);
  const listed = async (query: string) =>
    (await server.call("GET", `/api/jobs${query}`)).body;
  const idsOf = (page: { jobs: { id: string }[] }) =>
    page.jobs.map((j) => j.id);

  const first = await listed("?limit=2");
  expect(idsOf(first)).toEqual(ids.slice(0, 2));
  const second = await listed(`?limit=2&cursor=${first.next_cursor}`);
  expect(idsOf(second)).toEqual(ids.slice(2, 4));
  expect(idsOf(await listed(`?host_id=${host.hostId}`))).toEqual(ids);
  expect(idsOf(await listed("?host_id=h000000000009"))).toEqual([]);
  expect(idsOf(await listed("?state=running"))).toEqual(ids);
  expect(idsOf(await listed("?state=failed"))).toEqual([]);
});
