import { beforeEach, expect, test } from "bun:test";
import { createTestBackups } from "../../testing/test-backups.ts";
import type { TestBackups } from "../../testing/test-backups.ts";
import { settle } from "../../testing/test-endpoint.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";

let server: TestBackups;
let host: TestEndpoint;
let groupId: string;
let id: string;

beforeEach(async () => {
  server = await createTestBackups();
  host = await server.addHost(1, "nas");
  groupId = (await server.setUp(host)).group_id;
  id = await run();
});

async function run(): Promise<string> {
  const path = `/api/hosts/${host.hostId}/jobs`;
  const body = { kind: "backup", source_group_id: groupId };
  return (await server.call("POST", path, body)).body.id;
}

/** What a hello or heartbeat of the agent says. */
const agentSays = (running_jobs: string[], outbox_depth = 0) =>
  server.jobs.reconcile({ host: host.hostId, running_jobs, outbox_depth });

const get = async (jobId = id) =>
  (await server.call("GET", `/api/jobs/${jobId}`)).body;

const started = (over: object = {}) => ({
  job_id: id,
  kind: "backup",
  actor: "user",
  schedule_id: null,
  source_group_id: groupId,
  repository_id: null,
  started_at: "2026-01-01T00:00:01.000Z",
  ...over,
});

test("a running job that the agent no longer knows is lost, with the reason", async () => {
  await host.report("job.started", started({ command: "restic backup" }));
  await server.clock.advance(61_000);
  await agentSays([]);
  expect(await get()).toMatchObject({
    state: "lost",
    error: { code: "agent_restarted" },
    finished_at: "2026-01-01T00:01:01.000Z",
  });
  expect(server.heard.at(-2)).toEqual({
    type: "job.changed",
    jobId: id,
    hostId: host.hostId,
  });
});

test("a job asked for by a clock that was wrong is lost as soon as the clock is right", async () => {
  server.clock.set(server.clock.now() - 600_000);
  await agentSays([]);
  expect((await get()).state).toBe("lost");
});

test("a job that never reached the agent is lost, and nothing was started", async () => {
  host.onCommand("job.start", () => "silent");
  const asked = run();
  await settle();
  await server.clock.advance(10_000);
  const unanswered = await asked;
  await server.clock.advance(61_000);
  await agentSays([id]);
  expect(await get(unanswered)).toMatchObject({
    state: "lost",
    error: { code: "timeout" },
  });
  expect((await get()).state).toBe("sent");
});

test("a job that runs or waits at the agent goes on, however long", async () => {
  await server.clock.advance(10 * 3_600_000);
  await agentSays([id]);
  expect((await get()).state).toBe("sent");
});

test("while the agent's outbox may hold the result nothing is lost", async () => {
  await server.clock.advance(61_000);
  await agentSays([], 1);
  expect((await get()).state).toBe("sent");

  await host.report(
    "job.done",
    started({
      outcome: "succeeded",
      finished_at: "2026-01-01T00:00:30.000Z",
      exit_code: 0,
      error: null,
      stats: null,
      log_lines: 0,
    }),
  );
  await agentSays([]);
  expect((await get()).state).toBe("succeeded");
});

test("a report that crosses with the command loses nothing", async () => {
  await server.clock.advance(30_000);
  await agentSays([]);
  expect((await get()).state).toBe("sent");
});

test("other hosts' jobs are not touched", async () => {
  const other = await server.addHost(2, "laptop");
  await server.clock.advance(61_000);
  await server.jobs.reconcile({
    host: other.hostId,
    running_jobs: [],
    outbox_depth: 0,
  });
  expect((await get()).state).toBe("sent");
});

test("a lost job stays lost", async () => {
  await server.clock.advance(61_000);
  await agentSays([]);
  await host.report("job.started", started({ command: "restic backup" }));
  expect((await get()).state).toBe("lost");
});
