import { beforeEach, expect, test } from "bun:test";
import { createTestBackups } from "../../testing/test-backups.ts";
import type { TestBackups } from "../../testing/test-backups.ts";
import { settle } from "../../testing/test-endpoint.ts";

let server: TestBackups;
let path: string;
const total = 4500;

const line = (n: number) => ({
  n,
  t: "2026-01-01T02:30:01.000Z",
  s: n % 100 === 0 ? "stderr" : "stdout",
  l: `line ${n} "quoted" …`,
  k: "info",
});

beforeEach(async () => {
  server = await createTestBackups();
  const host = await server.addHost(1, "nas");
  const id = server.random.id();
  path = `/api/jobs/${id}/log`;
  const batches = [];
  for (let n = 1; n <= total; n += 150) {
    batches.push(
      host.makeLog(
        id,
        Array.from({ length: 150 }, (_, i) => line(n + i)),
      ),
    );
  }
  // As after a reconnect: some again, and not in order.
  for (const send of [...batches.slice(10), ...batches.slice(0, 12)]) {
    await send();
  }
  await settle();
});

test("the log is whole, in order and without a repeat [JOB-05]", async () => {
  const numbers: number[] = [];
  let after: number | null = 0;
  while (after !== null) {
    const { body } = await server.call(
      "GET",
      `${path}?after=${after}&limit=1000`,
    );
    numbers.push(...body.lines.map((l: { n: number }) => l.n));
    after = body.next_after;
  }
  expect(numbers).toEqual(Array.from({ length: total }, (_, i) => i + 1));
});

test("each line of the ndjson download is the line as it was [JOB-08]", async () => {
  const answer = await server.api.request(`${path}.ndjson`, {
    headers: server.admin,
  });
  expect(answer.headers.get("content-type")).toContain("application/x-ndjson");
  expect(answer.headers.get("content-disposition")).toMatch(
    /^attachment; filename="job-[0-9A-Z]{26}\.ndjson"$/,
  );
  const text = await answer.text();
  const lines = text.trimEnd().split("\n");
  expect(lines).toHaveLength(total);
  expect(JSON.parse(lines[99] ?? "")).toEqual(line(100));
});

test("the text download is a line for a line [JOB-08]", async () => {
  const { text } = await server.call("GET", `${path}.txt`);
  const lines = text.trimEnd().split("\n");
  expect(lines).toHaveLength(total);
  expect(lines[99]).toBe('2026-01-01T02:30:01.000Z stderr line 100 "quoted" …');
});

test("a log may grow while it is downloaded", async () => {
  const answer = await server.api.request(`${path}.txt`, {
    headers: server.admin,
  });
  const reader = answer.body?.getReader();
  await reader?.read();
  const other = await server.addHost(2, "laptop");
  await other.makeLog(server.random.id(), [line(1)])();
  await settle();
  const rows = await server.db
    .selectFrom("job_logs")
    .select((eb) => eb.fn.countAll<number>().as("n"))
    .executeTakeFirst();
  expect(rows?.n).toBe(total + 1);
  await reader?.cancel();
});

test("a stranger gets nothing, and an unknown job has no log [JOB-08]", async () => {
  const unknown = "/api/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV/log";
  for (const end of ["", ".txt", ".ndjson"]) {
    expect((await server.api.request(path + end)).status).toBe(401);
    const answer = await server.call("GET", unknown + end);
    expect([answer.status, answer.body.code]).toEqual([404, "job_not_found"]);
  }
});
