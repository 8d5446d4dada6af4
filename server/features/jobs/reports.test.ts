import { beforeEach, expect, test } from "bun:test";
import { createTestBackups } from "../../testing/test-backups.ts";
import type { TestBackups } from "../../testing/test-backups.ts";
import { settle } from "../../testing/test-endpoint.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";

let server: TestBackups;
let host: TestEndpoint;
let saved: {
  group_id: string;
  schedule_id: string;
  repository: { id: string };
};

beforeEach(async () => {
  server = await createTestBackups();
  host = await server.addHost(1, "nas");
  saved = await server.setUp(host);
  // Later than everything the reports below tell of.
  server.clock.set(Date.parse("2026-01-01T06:00:00.000Z"));
});

const origin = (jobId: string, over: object = {}) => ({
  job_id: jobId,
  kind: "backup",
  actor: "schedule",
  schedule_id: saved.schedule_id,
  source_group_id: saved.group_id,
  repository_id: saved.repository.id,
  started_at: "2026-01-01T02:30:00.000Z",
  ...over,
});

const started = (jobId: string, over: object = {}) =>
  origin(jobId, { command: "restic backup --tag default", ...over });

const done = (jobId: string, over: object = {}) =>
  origin(jobId, {
    outcome: "succeeded",
    finished_at: "2026-01-01T02:31:00.000Z",
    exit_code: 0,
    error: null,
    stats: { snapshot_id: "c".repeat(64), files_new: 3, data_added: 4096 },
    log_lines: 2,
    ...over,
  });

const failed = (code: string, message = "It did not work.") => ({
  outcome: "failed",
  exit_code: 1,
  stats: null,
  error: { code, message },
});

const line = (n: number, l = `line ${n}`) => ({
  n,
  t: "2026-01-01T02:30:01.000Z",
  s: "stdout",
  l,
  k: "info",
});

const get = async (id: string) =>
  (await server.call("GET", `/api/jobs/${id}`)).body;
const repository = async () =>
  (await server.call("GET", `/api/repositories/${saved.repository.id}`)).body;

async function runByHand(): Promise<string> {
  const path = `/api/hosts/${host.hostId}/jobs`;
  const body = { kind: "backup", source_group_id: saved.group_id };
  return (await server.call("POST", path, body)).body.id;
}

const ended = {
  state: "succeeded",
  actor: "schedule",
  source_group_name: "default",
  repository_name: "backup",
  queued_at: "2026-01-01T02:30:00.000Z",
  started_at: "2026-01-01T02:30:00.000Z",
  finished_at: "2026-01-01T02:31:00.000Z",
  exit_code: 0,
  error: null,
  stats: { snapshot_id: "c".repeat(64), files_new: 3, data_added: 4096 },
  snapshot_id: "c".repeat(64),
  command: "restic backup --tag default",
  log_lines: 2,
};

test("a job of the person goes from sent to running to its end [JOB-01]", async () => {
  const id = await runByHand();
  await host.report(
    "job.started",
    started(id, { actor: "user", schedule_id: null }),
  );
  expect(await get(id)).toMatchObject({ state: "running", finished_at: null });

  await host.report("job.done", done(id, { actor: "user", schedule_id: null }));
  expect(await get(id)).toMatchObject({
    ...ended,
    actor: "user",
    actor_name: expect.stringContaining("admin"),
    schedule_id: null,
    queued_at: "2026-01-01T06:00:00.000Z",
  });
});

const orders: [string, number[]][] = [
  ["started, log, done", [0, 1, 2]],
  ["done before started", [2, 0, 1]],
  ["log before all", [1, 2, 0]],
  ["done, log, started", [2, 1, 0]],
  ["log, started, done", [1, 0, 2]],
];
for (const [name, order] of orders) {
  test(`a scheduled run ends the same when it is heard of as: ${name} [JOB-01]`, async () => {
    const id = server.random.id();
    const events = [
      host.make("job.started", started(id)),
      host.makeLog(id, [line(1), line(2)]),
      host.make("job.done", done(id)),
    ];
    for (const i of order) {
      await events[i]?.();
      await settle();
    }
    expect(await get(id)).toMatchObject({
      ...ended,
      schedule_id: saved.schedule_id,
    });
    const log = await server.call("GET", `/api/jobs/${id}/log`);
    expect(log.body).toEqual({ lines: [line(1), line(2)], next_after: null });
  });
}

test("everything delivered twice changes nothing [TRN-06]", async () => {
  const id = server.random.id();
  const events = [
    host.make("job.started", started(id)),
    host.makeLog(id, [line(1), line(2)]),
    host.make("job.done", done(id)),
  ];
  for (const send of events) await send();
  await settle();
  const before = await get(id);
  server.heard.length = 0;
  for (const send of [...events, ...events]) await send();
  await settle();

  expect(await get(id)).toEqual(before);
  expect(server.heard).toEqual([]);
  const rows = await server.db.selectFrom("job_logs").selectAll().execute();
  expect(rows).toHaveLength(2);
});

test("the same results under new numbers change nothing either [TRN-06]", async () => {
  const id = server.random.id();
  await host.report("job.done", done(id));
  const before = await get(id);
  await host.report("job.done", done(id, failed("restic_failed")));
  await host.report("job.started", started(id));
  await host.makeLog(id, [line(1, "first")])();
  await host.makeLog(id, [line(1, "again")])();
  await settle();

  expect(await get(id)).toEqual({
    ...before,
    command: "restic backup --tag default",
  });
  const { body } = await server.call("GET", `/api/jobs/${id}/log`);
  expect(body.lines).toEqual([line(1, "first")]);
});

test("what a run by an old configuration names and is gone is left out", async () => {
  const id = server.random.id();
  const gone = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  const refs = {
    schedule_id: gone,
    source_group_id: gone,
    repository_id: gone,
  };
  await host.report("job.done", done(id, refs));
  expect(await get(id)).toMatchObject({
    state: "succeeded",
    schedule_id: null,
    source_group_id: null,
    repository_id: null,
  });
});

test("a host cannot report about another host's job", async () => {
  const other = await server.addHost(2, "laptop");
  const id = await runByHand();
  await other.report("job.done", done(id));
  await other.makeLog(id, [line(1)])();
  await other.live(id, progress(50));
  await settle();

  expect(await get(id)).toMatchObject({ state: "sent", progress: null });
  const rows = await server.db.selectFrom("job_logs").selectAll().execute();
  expect(rows).toEqual([]);
});

for (const code of [
  "repository_missing",
  "repository_unreachable",
  "wrong_password",
] as const) {
  test(`${code} ends the job with its reason and marks the repository until it works again`, async () => {
    await host.report("job.done", done(server.random.id(), failed(code)));
    expect((await repository()).status).toBe("unreachable");
    expect(server.heard).toContainEqual({
      type: "repository.changed",
      repositoryId: saved.repository.id,
    });

    const again = { finished_at: "2026-01-01T03:31:00.000Z" };
    await host.report("job.done", done(server.random.id(), again));
    expect((await repository()).status).toBe("ready");
  });
}

for (const [code, outcome] of [
  ["repository_full", "failed"],
  ["source_missing", "failed"],
  ["source_unreadable", "succeeded_with_issues"],
  ["restic_killed", "failed"],
  ["agent_restarted", "lost"],
] as const) {
  test(`${code} ends the job as ${outcome} with its reason`, async () => {
    const id = server.random.id();
    await host.report(
      "job.done",
      done(id, { ...failed(code, "Why."), outcome }),
    );
    expect(await get(id)).toMatchObject({
      state: outcome,
      error: { code, message: "Why." },
    });
    expect((await repository()).status).toBe("ready");
  });
}

test("an old failure heard of late does not mark a repository that works", async () => {
  const late = host.make(
    "job.done",
    done(server.random.id(), failed("wrong_password")),
  );
  const at = { finished_at: "2026-01-01T05:00:00.000Z" };
  await host.report("job.done", done(server.random.id(), at));
  await late();
  await settle();
  expect((await repository()).status).toBe("ready");
});

test("a failure dated in the future does not outlive the next success", async () => {
  const ahead = { finished_at: "2027-01-01T00:00:00.000Z" };
  const failure = { ...failed("wrong_password"), ...ahead };
  await host.report("job.done", done(server.random.id(), failure));
  expect((await repository()).status).toBe("unreachable");
  await host.report(
    "job.done",
    done(server.random.id(), { finished_at: "2026-01-01T06:00:00.000Z" }),
  );
  expect((await repository()).status).toBe("ready");
});

const progress = (percent: number) => ({
  phase: "backup",
  percent,
  bytes_done: 1,
  bytes_total: 2,
  files_done: 1,
  files_total: 2,
  current_files: ["/etc/hosts"],
  errors: 0,
  seconds_elapsed: 1,
  seconds_remaining: null,
  rate: null,
});

test("progress is shown while the job runs, latest only, and never stored [JOB-04]", async () => {
  const id = await runByHand();
  await host.live(id, progress(10));
  await host.live(id, progress(20));
  expect((await get(id)).progress).toEqual(progress(20));
  expect(server.heard).toContainEqual({
    type: "job.progress",
    jobId: id,
    progress: progress(10) as never,
  });

  await host.report("job.done", done(id));
  await host.live(id, progress(30));
  expect((await get(id)).progress).toBeNull();
});

test("progress that is none, or of an unknown job, is dropped", async () => {
  const id = await runByHand();
  await host.live(id, { percent: 200 });
  await host.live("01ARZ3NDEKTSV4RRFFQ69G5FAV", progress(1));
  expect(server.heard.map((event) => event.type)).not.toContain("job.progress");
});

test("lines are told to whoever watches, once they are stored [JOB-06]", async () => {
  const id = await runByHand();
  await host.makeLog(id, [line(1), line(2)])();
  await settle();
  expect(server.heard).toContainEqual({
    type: "job.log",
    jobId: id,
    lines: [line(1), line(2)] as never,
  });
  expect((await get(id)).log_lines).toBe(2);
});
