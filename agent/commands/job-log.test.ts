import { join } from "node:path";
import { expect, test } from "bun:test";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import {
  parseJson,
  signedText,
} from "@restic-manager/shared/identity/signed.ts";
import {
  eventEnvelope,
  logBatch,
} from "@restic-manager/shared/protocol/event.ts";
import { maxMessageBytes } from "@restic-manager/shared/protocol/topic.ts";
import { signingKey } from "../identity/keys.ts";
import { createOutbox } from "../link/outbox.ts";
import { createRandom } from "../random.ts";
import { openStateDb } from "../state-db.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { createJobLog } from "./job-log.ts";
import { createJobStore } from "./job-store.ts";

const tempDir = createTempDirs();
const jobId = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

function setUp(after?: number) {
  const clock = createManualClock();
  const db = openStateDb(join(tempDir(), "agent.db"));
  const { sign } = signingKey(new Uint8Array(32).fill(4));
  const time = { stamp: () => "2026-01-01T00:00:00.000Z" };
  const outbox = createOutbox({
    db,
    hostId: "habcdefghijkl",
    sign,
    time,
    random: createRandom(clock),
  });
  const jobs = createJobStore(db);
  jobs.add({
    job_id: jobId,
    kind: "backup",
    actor: "user",
    schedule_id: null,
    source_group_id: jobId,
    due_at: null,
  });
  const log = createJobLog({
    jobId,
    outbox,
    jobs,
    clock,
    time,
    secrets: ["swordfish"],
    ...(after === undefined ? {} : { after }),
  });
  const rows = () => outbox.read(0, 10_000);
  const batches = () =>
    rows().map(({ body }) => {
      const event = parseJson(
        parseJson(body, signedText)?.b ?? "",
        eventEnvelope,
      );
      return logBatch.parse(event?.p).lines;
    });
  const fillDisk = (isFull: boolean) => {
    const { page_count } = db.query("PRAGMA page_count").get() as {
      page_count: number;
    };
    db.run(`PRAGMA max_page_count = ${isFull ? page_count : 1_000_000}`);
  };
  return { clock, log, jobs, rows, batches, fillDisk };
}

test("lines wait for a quarter of a second, so that a busy log is sent in batches", async () => {
  const { clock, log, batches } = setUp();
  log.add("info", "system", "one");
  log.add("info", "system", "two");
  await clock.advance(249);
  expect(batches()).toEqual([]);
  await clock.advance(1);
  expect(batches().map((lines) => lines.map(({ n, l }) => [n, l]))).toEqual([
    [
      [1, "one"],
      [2, "two"],
    ],
  ]);
});

test("a batch holds at most two hundred lines and fits into a message, whatever is in it", () => {
  const { log, rows, batches } = setUp();
  for (let i = 0; i < 450; i++) log.add("info", "stdout", "x");
  for (let i = 0; i < 100; i++)
    log.add("error", "stderr", '\u0001\\"'.repeat(1300));
  log.flush();
  expect(
    batches()
      .slice(0, 2)
      .map((lines) => lines.length),
  ).toEqual([200, 200]);
  for (const { body } of rows())
    expect(Buffer.byteLength(body)).toBeLessThan(maxMessageBytes);
  expect(
    batches()
      .flat()
      .map(({ n }) => n),
  ).toEqual(Array.from({ length: 550 }, (_, i) => i + 1));
});

test("secrets and passwords in addresses are not kept, and a long line is cut with a mark", () => {
  const { log, batches } = setUp();
  log.add(
    "error",
    "stderr",
    "login swordfish at rest:https://me:pw@host/ failed",
  );
  log.add("info", "stdout", "y".repeat(5000));
  log.flush();
  const [first, second] = batches().flat();
  expect(first?.l).toBe("login *** at rest:https://***@host/ failed");
  expect(second?.l).toEndWith("[904 more characters]");
});

test("the first ten thousand files are named, the others counted", () => {
  const { log, batches } = setUp();
  for (let i = 0; i < 10_003; i++) log.file("new", `/f/${i}`);
  log.flush();
  const lines = batches().flat();
  expect(lines).toHaveLength(10_001);
  expect(lines.at(-1)).toMatchObject({
    n: 10_001,
    k: "info",
    l: "… and 3 more new or changed files, which are not listed.",
  });
});

test("how many lines are safe is known after a crash, and another life goes on from there", () => {
  const { log, jobs } = setUp();
  log.add("info", "system", "one");
  log.add("info", "system", "two");
  log.flush();
  log.add("info", "system", "lost with the process");
  expect(jobs.list()[0]?.logLines).toBe(2);
  const next = setUp(2);
  next.log.add("error", "system", "The agent ended unexpectedly.");
  next.log.flush();
  expect(next.batches().flat()[0]?.n).toBe(3);
});

test("a disk that is full for a while costs no line, and one that stays full fails the job once [AGT-07]", async () => {
  const { clock, log, batches, fillDisk } = setUp();
  const text = "word ".repeat(600);
  const add = (count: number) => {
    for (let i = 0; i < count; i++) log.add("info", "stdout", text);
  };
  fillDisk(true);
  add(200);
  await clock.advance(10_000);
  fillDisk(false);
  await clock.advance(1_000);
  expect(
    batches()
      .flat()
      .map(({ n }) => n),
  ).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));

  fillDisk(true);
  add(1_200);
  await clock.advance(1_000);
  expect(() => add(1)).toThrow("full");
  log.add("error", "system", "The job failed.");
  expect(log.lines()).toBe(1_401);
});
