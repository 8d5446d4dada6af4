import { beforeEach, describe, expect, test } from "bun:test";
import {
  createTestTrees,
  snapshotOf,
  treesOf,
} from "../../testing/test-trees.ts";

let server: Awaited<ReturnType<typeof createTestTrees>>;
beforeEach(async () => {
  server = await createTestTrees();
  await server.list(server.nas, [1, 2]);
  await server.tell(
    1,
    treesOf({
      etc: { hosts: 10, old: { x: 1, y: 2 } },
      home: { ada: { photo: 5_000 }, same: { a: 1 } },
      kind: 4,
    }),
  );
  await server.tell(
    2,
    treesOf({
      etc: { hosts: 12, fresh: 3 },
      home: { ada: { photo: 5_000, second: 6_000 }, same: { a: 1 } },
      kind: { inner: 9 },
    }),
  );
});

const query = `a=${snapshotOf(1)}&b=${snapshotOf(2)}`;
const page = async (path = "/") =>
  (
    await server.call(
      "GET",
      `${server.base}/diff?${query}&path=${encodeURIComponent(path)}`,
    )
  ).body;

test("two snapshots are compared folder by folder, with what changed below each [SNP-02]", async () => {
  const { sum, entries } = await page();
  expect(
    entries.map((e: { n: string; kind: string }) => [e.n, e.kind]),
  ).toEqual([
    ["etc", "changed"],
    ["home", "changed"],
    ["kind", "changed"],
  ]);
  // In: fresh, second, kind/inner. Out: old and its two files. Changed: hosts, and kind from file to folder.
  expect(sum).toEqual({
    added: 3,
    removed: 3,
    changed: 2,
    bytes_added: 12 + 3 + 6_000 + 9,
    bytes_removed: 10 + 1 + 2 + 4,
  });
  expect((await page("/home")).entries).toMatchObject([
    { n: "ada", kind: "changed", sum: { added: 1, changed: 0 } },
  ]);
});

test("a folder that only one of them has is all new or all gone [SNP-02]", async () => {
  expect((await page("/etc/old")).sum).toMatchObject({
    removed: 2,
    bytes_removed: 3,
  });
});

test("every changed path is downloaded, one a line [SNP-02]", async () => {
  const answer = await server.call(
    "GET",
    `${server.base}/diff.ndjson?${query}`,
  );
  const lines = answer.text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { path: string; kind: string })
    .map(({ path, kind }) => `${kind} ${path}`)
    .sort();
  expect(lines).toEqual([
    "added /etc/fresh",
    "added /home/ada/second",
    "added /kind/inner",
    "changed /etc/hosts",
    "changed /kind",
    "removed /etc/old",
    "removed /etc/old/x",
    "removed /etc/old/y",
  ]);
});

test("a snapshot that is compared with itself has not changed", async () => {
  const same = `a=${snapshotOf(1)}&b=${snapshotOf(1)}`;
  const { body } = await server.call("GET", `${server.base}/diff?${same}`);
  expect(body.entries).toEqual([]);
});

test("one that is not indexed is said to be [SNP-02]", async () => {
  await server.list(server.nas, [1, 2, 3]);
  const path = `${server.base}/diff?a=${snapshotOf(1)}&b=${snapshotOf(3)}`;
  expect((await server.call("GET", path)).body.code).toBe("not_indexed");
});

describe("a comparison that nobody waits for", () => {
  const path = () => `${server.base}/diff?${query}`;

  test("or that takes too long ends early and says that it is not whole", async () => {
    expect((await page()).complete).toBe(true);
    let now = server.clock.now();
    server.clock.now = () => (now += 1_000);
    const { complete, sum, entries } = await page();
    expect(complete).toBe(false);
    // What was not counted to its end says nothing.
    expect(entries.at(-1)).toMatchObject({ n: "kind", sum: null });
    expect(sum.added).toBeLessThan(3);
  });

  test("ends when its browser leaves, the download too", async () => {
    const signal = AbortSignal.abort();
    const ask = (where: string) =>
      server.api.request(where, { headers: server.admin, signal });
    expect(await (await ask(path())).json()).toMatchObject({ complete: false });
    const lines = await (
      await ask(`${server.base}/diff.ndjson?${query}`)
    ).text();
    expect(lines).not.toContain("/home/ada/second");
  });
});
