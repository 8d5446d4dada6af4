import { beforeAll, expect, test } from "bun:test";
import type { Job } from "@restic-manager/shared/api/jobs.ts";
import { createTestBackups } from "../../testing/test-backups.ts";
import type { TestBackups } from "../../testing/test-backups.ts";

let server: TestBackups;
let hosts: string[];
let repository: string;
let group: string;

const total = 10_000;
const kinds = ["backup", "backup", "backup", "forget", "check"] as const;
const states = ["succeeded", "failed", "cancelled", "running"] as const;
const start = Date.parse("2026-01-01T00:00:00.000Z");
const minute = 60_000;
const at = (n: number) => new Date(start + n * minute).toISOString();
/** As `random.id()` makes them, in the order of their time. */
const id = (n: number) => `01K${String(n).padStart(23, "0")}`;

beforeAll(async () => {
  server = await createTestBackups();
  const nas = await server.addHost(1, "nas");
  const laptop = await server.addHost(2, "laptop");
  hosts = [nas.hostId, laptop.hostId];
  const saved = await server.setUp(nas);
  repository = saved.repository.id;
  group = saved.group_id;
  const rows = Array.from({ length: total }, (_, n) => ({
    id: id(n),
    host_id: hosts[n % 2] ?? "",
    kind: kinds[n % 5] ?? "backup",
    status: states[n % 4] ?? "running",
    actor_kind: n % 3 === 0 ? ("user" as const) : ("schedule" as const),
    queued_at: at(n),
    repository_id: n % 7 === 0 ? repository : null,
    source_group_id: n % 11 === 0 ? group : null,
    due_at: n === total - 1 ? at(n - 30) : null,
  }));
  for (let from = 0; from < total; from += 500) {
    const part = rows.slice(from, from + 500);
    await server.db.insertInto("jobs").values(part).execute();
  }
});

interface Page {
  jobs: Job[];
  next_cursor: string | null;
}
const page = async (query: string): Promise<Page> =>
  (await server.call("GET", `/api/jobs?${query}`)).body;

/** Every page of a list, one after another. */
async function all(query: string): Promise<Job[]> {
  const jobs: Job[] = [];
  let cursor: string | null = null;
  do {
    const more: string = cursor === null ? "" : `&cursor=${cursor}`;
    const next: Page = await page(`limit=200&${query}${more}`);
    jobs.push(...next.jobs);
    cursor = next.next_cursor;
  } while (cursor !== null);
  return jobs;
}

test("ten thousand jobs are paged through newest first, each once [JOB-11]", async () => {
  const ids = (await all("")).map((job) => job.id);
  expect(ids).toEqual(Array.from({ length: total }, (_, n) => id(n)).reverse());
});

test("a job that comes while somebody pages moves nothing [JOB-11]", async () => {
  const first = await page("limit=3");
  await server.db
    .insertInto("jobs")
    .values({
      id: id(total),
      host_id: hosts[0] ?? "",
      kind: "prune",
      status: "queued",
      actor_kind: "user",
      queued_at: at(total),
    })
    .execute();
  const second = await page(`limit=3&cursor=${first.next_cursor}`);
  await server.db.deleteFrom("jobs").where("id", "=", id(total)).execute();
  expect(second.jobs.map((job) => job.id)).toEqual(
    [4, 5, 6].map((n) => id(total - n)),
  );
});

const filters: [string, () => string, (n: number) => boolean][] = [
  ["host", () => `host_id=${hosts[1]}`, (n) => n % 2 === 1],
  ["kind", () => "kind=forget", (n) => kinds[n % 5] === "forget"],
  ["state", () => "state=failed", (n) => n % 4 === 1],
  ["everything unfinished", () => "state=running", (n) => n % 4 === 3],
  ["who started it", () => "actor=user", (n) => n % 3 === 0],
  ["repository", () => `repository_id=${repository}`, (n) => n % 7 === 0],
  ["source group", () => `source_group_id=${group}`, (n) => n % 11 === 0],
  ["time", () => `from=${at(40)}&to=${at(60)}`, (n) => n >= 40 && n < 60],
  [
    "all of these together",
    () => `host_id=${hosts[0]}&kind=backup&state=failed&actor=schedule`,
    () => false,
  ],
  [
    "some of these together",
    () => `host_id=${hosts[0]}&kind=check&state=succeeded&actor=user`,
    (n) => n % 2 === 0 && n % 5 === 4 && n % 4 === 0 && n % 3 === 0,
  ],
];
for (const [name, query, keeps] of filters) {
  test(`jobs are filtered by ${name} [JOB-11]`, async () => {
    const wanted = Array.from({ length: total }, (_, n) => n).filter(keeps);
    const found = await all(query());
    expect(found.map((job) => job.id)).toEqual(wanted.reverse().map(id));
  });
}

test("the fire that a job is for is told beside its start [JOB-11]", async () => {
  const [newest] = (await page("limit=1")).jobs;
  expect(newest?.due_at).toBe(at(total - 31));
});

test("the newest jobs of a kind are found without reading or sorting the history [JOB-11]", async () => {
  const { sql } = await import("kysely");
  const plan = await sql<{ detail: string }>`EXPLAIN QUERY PLAN
    SELECT id FROM jobs WHERE kind = 'check' AND id < ${id(500)}
    ORDER BY id DESC LIMIT 51`.execute(server.db);
  const detail = plan.rows.map((row) => row.detail).join("\n");
  expect(detail).toContain("jobs_by_kind (kind=? AND id<?)");
  expect(detail).not.toContain("TEMP B-TREE");
});

for (const query of [
  "kind=mount",
  "state=gone",
  "from=yesterday",
  "limit=0",
  "limit=201",
  "cursor=1",
  "colour=red",
]) {
  test(`a list cannot be asked for with ${query} [JOB-11]`, async () => {
    const answer = await server.call("GET", `/api/jobs?${query}`);
    expect([answer.status, answer.body.code]).toEqual([400, "invalid_request"]);
    expect(Object.keys(answer.body.fields ?? {})).toHaveLength(1);
  });
}
