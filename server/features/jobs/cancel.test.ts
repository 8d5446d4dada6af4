import { beforeEach, expect, test } from "bun:test";
import { createTestBackups } from "../../testing/test-backups.ts";
import type { TestBackups } from "../../testing/test-backups.ts";
import { refused, settle } from "../../testing/test-endpoint.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";

let server: TestBackups;
let host: TestEndpoint;
let id: string;

beforeEach(async () => {
  server = await createTestBackups();
  host = await server.addHost(1, "nas");
  const { group_id } = await server.setUp(host);
  const path = `/api/hosts/${host.hostId}/jobs`;
  const body = { kind: "backup", source_group_id: group_id };
  id = (await server.call("POST", path, body)).body.id;
  host.received.length = 0;
});

const cancel = (jobId = id) => server.call("POST", `/api/jobs/${jobId}/cancel`);
const get = async () => (await server.call("GET", `/api/jobs/${id}`)).body;

const cancelled = () => ({
  job_id: id,
  kind: "backup",
  actor: "user",
  schedule_id: null,
  source_group_id: null,
  repository_id: null,
  outcome: "cancelled",
  started_at: "2026-01-01T00:00:01.000Z",
  finished_at: "2026-01-01T00:00:02.000Z",
  exit_code: 130,
  error: { code: "cancelled", message: "Cancelled by a person." },
  stats: null,
  log_lines: 0,
});

test("a job is asked to end, and ends when the agent says so [JOB-07]", async () => {
  const answer = await cancel();
  expect(answer.status).toBe(202);
  expect(answer.body).toMatchObject({ state: "sent", cancel_requested: true });
  expect(host.received.map((sent) => [sent.verb, sent.p])).toEqual([
    ["job.cancel", { job_id: id }],
  ]);
  expect(await server.actions()).toContain("job.cancel");

  await host.report("job.done", cancelled());
  expect(await get()).toMatchObject({ state: "cancelled", exit_code: 130 });
});

test("asking twice is asking once, and asking too late is refused [JOB-07]", async () => {
  const answers = await Promise.all([cancel(), cancel()]);
  expect(answers.map((answer) => answer.status)).toEqual([202, 202]);

  await host.report("job.done", cancelled());
  const late = await cancel();
  expect([late.status, late.body.code]).toEqual([409, "job_finished"]);
});

test("an unknown job is not found [JOB-07]", async () => {
  const answer = await cancel("01ARZ3NDEKTSV4RRFFQ69G5FAV");
  expect([answer.status, answer.body.code]).toEqual([404, "job_not_found"]);
});

test("a host that is away cannot be asked, and the job is as it was [JOB-07]", async () => {
  host.disconnect({ stillSeen: true });
  expect((await cancel()).status).toBe(503);
  host.disconnect();
  expect((await cancel()).body.code).toBe("host_offline");
  expect((await get()).cancel_requested).toBe(false);
});

test("a job that ended while it was asked is finished", async () => {
  host.onCommand("job.cancel", () => "silent");
  const asked = cancel();
  await settle();
  await host.report("job.done", cancelled());
  await server.clock.advance(10_000);
  expect((await asked).body.code).toBe("agent_timeout");

  host.onCommand("job.cancel", () => refused("internal", "No such job."));
  expect((await cancel()).body.code).toBe("job_finished");
});

test("what the agent refuses is told with its reason", async () => {
  host.onCommand("job.cancel", () =>
    refused("stopping", "The agent is stopping."),
  );
  const answer = await cancel();
  expect(answer.status).toBe(409);
  expect(answer.body).toMatchObject({
    code: "agent_refused",
    cause: "stopping",
    message: "The agent is stopping.",
  });
  expect((await get()).cancel_requested).toBe(false);
});
