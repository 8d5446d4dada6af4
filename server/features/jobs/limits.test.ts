import { beforeEach, expect, test } from "bun:test";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { createTestBackups } from "../../testing/test-backups.ts";
import type { TestBackups } from "../../testing/test-backups.ts";
import { settle } from "../../testing/test-endpoint.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";
import { createJobLimits, mostLines } from "./limits.ts";

let server: TestBackups;
let host: TestEndpoint;

beforeEach(async () => {
  server = await createTestBackups();
  host = await server.addHost(1, "nas");
});

const line = (n: number, l = `line ${n}`) => ({
  n,
  t: "2026-01-01T02:30:01.000Z",
  s: "stdout" as const,
  l,
  k: "info" as const,
});

const done = (job_id: string, over: object = {}) => ({
  job_id,
  kind: "backup",
  actor: "schedule",
  schedule_id: null,
  source_group_id: null,
  repository_id: null,
  outcome: "failed",
  started_at: "2026-01-01T02:30:00.000Z",
  finished_at: "2026-01-01T02:31:00.000Z",
  exit_code: 1,
  error: { code: "restic_failed", message: "It did not work." },
  stats: null,
  log_lines: 2,
  ...over,
});

async function logOf(id: string) {
  return (await server.call("GET", `/api/jobs/${id}/log`)).body.lines;
}

test("a line of any length is kept up to 4096 characters [TRN-10]", async () => {
  const id = server.random.id();
  await host.makeLog(id, [line(1, "x".repeat(200_000)), line(2)])();
  await settle();
  const [long, short] = await logOf(id);
  expect(long.l).toBe("x".repeat(4096));
  expect(short).toEqual(line(2));
});

test("a log without end is kept up to a line that says so, and the result counts all the same [TRN-10]", async () => {
  const id = server.random.id();
  const around = [mostLines - 1, mostLines, mostLines + 1, mostLines + 2];
  await host.makeLog(
    id,
    around.map((n) => line(n)),
  )();
  await host.makeLog(id, [line(mostLines + 3)])();
  await host.report("job.done", done(id));
  const [last, marker, ...more] = await logOf(id);
  expect(last).toEqual(line(mostLines - 1));
  expect(marker).toMatchObject({ n: mostLines, s: "system", k: "warning" });
  expect(marker.l).toMatch(/longer than 1,000,000 lines/);
  expect(more).toEqual([]);
  const { body } = await server.call("GET", `/api/jobs/${id}`);
  expect(body.state).toBe("failed");
});

test("texts of a result are cut, not refused [TRN-10]", async () => {
  const id = server.random.id();
  const message = "m".repeat(100_000);
  const error = { code: "restic_failed", message };
  await host.report("job.started", {
    ...done(id),
    command: "c".repeat(100_000),
  });
  await host.report(
    "job.done",
    done(id, { error, stats: { snapshot_id: "s".repeat(100_000) } }),
  );
  const { body } = await server.call("GET", `/api/jobs/${id}`);
  expect(body.state).toBe("failed");
  expect(body.error.message).toBe("m".repeat(4000));
  expect(body.command).toBe("c".repeat(16_000));
  expect(body.snapshot_id).toBe("s".repeat(64));
});

test("names of files in progress are cut [TRN-10]", async () => {
  const id = server.random.id();
  await host.makeLog(id, [line(1)])();
  await settle();
  await host.live(id, {
    phase: "backup",
    percent: 1,
    bytes_done: 1,
    bytes_total: 100,
    files_done: 0,
    files_total: 1,
    current_files: ["f".repeat(100_000)],
    errors: 0,
    seconds_elapsed: 1,
    seconds_remaining: null,
    rate: null,
  });
  const { body } = await server.call("GET", `/api/jobs/${id}`);
  expect(body.progress.current_files).toEqual(["f".repeat(1024)]);
});

test("a host that invents jobs or logs without end is bounded, and another is not [TRN-10]", async () => {
  const clock = createManualClock();
  const limits = createJobLimits(clock);
  const made = Array.from({ length: 30_000 }, () => limits.takesJob("hloud"));
  expect(made.filter(Boolean)).toHaveLength(20_000);
  expect(limits.takesJob("hquiet")).toBe(true);
  await clock.advance(4000);
  expect([limits.takesJob("hloud"), limits.takesJob("hloud")]).toEqual([
    true,
    false,
  ]);

  const batch = Array.from({ length: 200 }, (_, i) =>
    line(i + 1, "x".repeat(4096)),
  );
  let full = 0;
  while (limits.kept("hloud", "job", batch).length === 200) full += 1;
  expect(full).toBe(2441);
  expect(limits.kept("hloud", "other", batch)).toEqual([
    {
      ...line(1),
      s: "system",
      k: "warning",
      l: expect.stringMatching(/was not kept/),
    },
  ]);
  expect(limits.kept("hloud", "other", batch)).toEqual([]);
  expect(limits.kept("hquiet", "job", batch)).toHaveLength(200);
});
