import { beforeAll, expect, test } from "bun:test";
import type { LogPage } from "@restic-manager/shared/api/jobs.ts";
import { createTestBackups } from "../../testing/test-backups.ts";
import type { TestBackups } from "../../testing/test-backups.ts";
import { appendLines } from "./log-store.ts";

let server: TestBackups;
let jobId: string;
const total = 50_000;

/** Where what is looked for stands; the last is beyond several looks. */
const places: Record<number, string> = {
  7: "open /home/Äpfel/Über uns.txt: permission denied",
  8: "100 % [done] a*b?",
  25_000: "HOOK(PRE): ready",
  49_999: "hook(pre): READY again",
};

beforeAll(async () => {
  server = await createTestBackups();
  const host = await server.addHost(1, "nas");
  jobId = server.random.id();
  await server.db
    .insertInto("jobs")
    .values({
      id: jobId,
      host_id: host.hostId,
      kind: "backup",
      status: "running",
      actor_kind: "agent",
      queued_at: "2026-01-01T00:00:00.000Z",
    })
    .execute();
  const lines = Array.from({ length: total }, (_, i) => ({
    n: i + 1,
    t: "2026-01-01T02:30:01.000Z",
    s: "stdout" as const,
    l: places[i + 1] ?? `file ${i + 1}`,
    k: kindOf(i + 1),
  }));
  await server.tx.run((trx) => appendLines(trx, jobId, lines));
});

function kindOf(n: number): "warning" | "error" | "new" {
  if (n === 7 || n === 40_001) return "error";
  return n === 30_000 ? "warning" : "new";
}

const search = async (query: string): Promise<LogPage> =>
  (await server.call("GET", `/api/jobs/${jobId}/log?${query}`)).body;
const numbers = async (query: string) =>
  (await search(query)).lines.map((line) => line.n);

const finds: [string, number[]][] = [
  ["hook(pre)", [25_000, 49_999]],
  ["READY", [25_000, 49_999]],
  ["ready again", [49_999]],
  // Letter case is ignored beyond ASCII, too.
  ["äPFEL/ÜBER", [7]],
  // Nothing of it is a pattern.
  ["a*b?", [8]],
  ["[done]", [8]],
  ["100 %", [8]],
  ["file*1", []],
  ["]", [8]],
  ["^", []],
];
for (const [text, expected] of finds) {
  test(`“${text}” is found where it stands in a log [JOB-08]`, async () => {
    expect(await numbers(`q=${encodeURIComponent(text)}`)).toEqual(expected);
  });
}

test("the issues of a log are found alone, and together with a text [JOB-08]", async () => {
  expect(await numbers("issues=true")).toEqual([7, 30_000, 40_001]);
  expect(await numbers("issues=true&q=file")).toEqual([30_000, 40_001]);
  expect(await numbers("issues=false&limit=2")).toEqual([1, 2]);
});

test("what is found is paged through, each line once [JOB-08]", async () => {
  const first = await search("q=file&limit=3");
  expect(first.lines.map((line) => line.n)).toEqual([1, 2, 3]);
  expect(first.next_after).toBe(3);
  const next = await search(`q=file&limit=5&after=${first.next_after}`);
  expect(next.lines.map((line) => line.n)).toEqual([4, 5, 6, 9, 10]);
  const last = await search("q=ready&limit=1&after=25000");
  expect(last.lines.map((line) => line.n)).toEqual([49_999]);
  expect(last.next_after).toBeNull();
});

test("a text that is too long, and an empty one, are refused [JOB-08]", async () => {
  for (const q of ["", "x".repeat(201)]) {
    const path = `/api/jobs/${jobId}/log?q=${q}`;
    const answer = await server.call("GET", path);
    expect([answer.status, answer.body.fields]).toMatchObject([
      400,
      { q: { message: expect.any(String) } },
    ]);
  }
});

test("while a log is searched others are served [JOB-08]", async () => {
  let turns = 0;
  const count = () => void (turns++, (timer = setImmediate(count)));
  let timer = setImmediate(count);
  await numbers("q=nowhere");
  clearImmediate(timer);
  expect(turns).toBeGreaterThanOrEqual(2);
});
