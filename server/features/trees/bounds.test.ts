import { beforeEach, describe, expect, spyOn, test } from "bun:test";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";
import { settle } from "../../testing/test-endpoint.ts";
import {
  createTestTrees,
  idOf,
  packed,
  snapshotOf,
  treesOf,
} from "../../testing/test-trees.ts";

const hour = 3_600_000;
const gib = 1024 ** 3;

let server: Awaited<ReturnType<typeof createTestTrees>>;
beforeEach(async () => {
  server = await createTestTrees();
  await server.list(server.nas, [1, 2, 3]);
});

const home = { etc: { hosts: 10 }, home: { ada: { "photo.jpg": 5_000 } } };

const have = (number: number, host: TestEndpoint = server.nas) =>
  host.ask("tree.have", server.about(number)) as Promise<{
    wanted: boolean;
    generation: string;
  } | null>;
const put = (number: number, trees: object[]) =>
  server.nas.ask("tree.put", { ...server.about(number), trees });
const stateOf = async (number: number) =>
  (await server.of(number, "index")).body;

async function kept() {
  const rows = await server.db.selectFrom("trees").select("packed").execute();
  const bytes = rows.reduce((sum, row) => sum + row.packed.length, 0);
  return { trees: rows.length, bytes };
}

async function shown() {
  const { body } = await server.call("GET", `${server.base}/index`);
  return { trees: body.trees, bytes: body.bytes };
}

describe("one host", () => {
  test("cannot make the server read millions of things at once that are no entries", async () => {
    await have(1);
    const parse = spyOn(JSON, "parse");
    const text = `[${"{},".repeat(200_000)}{}]`;
    const answer = await put(1, [packed(text)]);
    const longest = Math.max(...parse.mock.calls.map(([read]) => read.length));
    parse.mockRestore();
    expect(answer).toMatchObject({ ok: false });
    expect(longest).toBeLessThan(64 * 1024);
  });

  test("is heard about one thing after the other", async () => {
    await have(1);
    const { trees } = treesOf(home);
    const answers = await Promise.all([put(1, trees), put(1, trees)]);
    expect(answers).toMatchObject([{ ok: true }, { ok: false, again: false }]);
  });

  test("stores so much and no more, and a person is told", async () => {
    await server.tell(1, treesOf(home));
    await have(2);
    await server.db
      .updateTable("snapshot_trees")
      .set({ stored_bytes: 4 * gib })
      .where("snapshot_id", "=", snapshotOf(1))
      .execute();
    expect(await put(2, treesOf({ more: 1 }).trees)).toMatchObject({
      ok: false,
      again: false,
    });
    expect(await stateOf(2)).toMatchObject({
      state: "failed",
      message: expect.stringContaining("4 GiB"),
    });
    expect(await have(2)).toMatchObject({ wanted: false });
    const asked = `${server.base}/snapshots/${snapshotOf(3)}/index`;
    await server.call("POST", asked);
    expect(await have(3)).toMatchObject({ wanted: false });
    expect(await stateOf(3)).toMatchObject({ state: "failed" });
    // Others are heard.
    const attic = await server.addHost(2, "attic");
    await server.setUp(attic);
    expect(await have(4, attic)).toMatchObject({ wanted: true });
  });

  test("begins so many and no more", async () => {
    const at = new Date(server.clock.now()).toISOString();
    await server.db
      .insertInto("snapshot_trees")
      .values(
        Array.from({ length: 1_000 }, (_, n) => ({
          repository_id: server.repositoryId,
          snapshot_id: String(n).padStart(64, "f"),
          host_id: server.nas.hostId,
          state: "ready" as const,
          updated_at: at,
        })),
      )
      .execute();
    expect(await have(9)).toBeNull();
    await server.db.deleteFrom("snapshot_trees").limit(1).execute();
    expect(await have(9)).toMatchObject({ wanted: true });
  });

  test("leaves nothing of a long tree in memory when it goes", async () => {
    server.startTrees();
    await have(1);
    const [tree] = treesOf({ a: 1 }).trees;
    const parts = [tree?.z.slice(0, 8), tree?.z.slice(8)].map((z, part) => ({
      ...tree,
      part,
      of: 2,
      z,
    }));
    expect(await put(1, parts.slice(0, 1))).toMatchObject({ ok: true });
    await server.leave(server.nas);
    const { hostId } = server.nas;
    server.events.emit({ type: "host.changed", hostId });
    await server.comeBack(server.nas);
    expect(await put(1, parts.slice(1))).toMatchObject({
      ok: false,
      again: true,
    });
  });

  test("that tells for ever keeps what was forgotten for a day and no longer", async () => {
    server.startTrees();
    await server.tell(1, treesOf(home));
    await server.tell(2, treesOf({ etc: home.etc }));
    await server.clock.advance(1_000);
    await server.list(server.nas, [2, 3]);
    const before = await kept();
    await server.clock.advance(hour / 2);
    await have(8);
    for (let hours = 0; hours < 20; hours++) {
      await server.clock.advance(hour);
      await have(8);
    }
    await settle();
    expect(await kept()).toEqual(before);
    for (let hours = 0; hours < 8; hours++) {
      await server.clock.advance(hour);
      await settle();
      await have(8);
    }
    expect((await kept()).trees).toBe(2);
    expect((await server.of(2, "tree?path=/etc")).status).toBe(200);
  });
});

describe("what makes agents tell everything again", () => {
  const missing = () => treesOf(home).trees.slice(-1);
  const generation = async () => (await have(1))?.generation;

  test("is a folder that is missing, and nothing malformed", async () => {
    const before = await generation();
    const malformed = packed("[]", idOf("other"));
    expect(await put(1, [malformed])).toMatchObject({ ok: false, again: true });
    expect(await generation()).toBe(before ?? "");
    expect(await put(1, missing())).toMatchObject({ ok: false, again: true });
    expect(await generation()).not.toBe(before ?? "");
  });

  test("happens once an hour, however often a host has it so", async () => {
    await have(1);
    await put(1, missing());
    const before = await generation();
    expect(await put(1, missing())).toMatchObject({ ok: false, again: true });
    expect(await generation()).toBe(before ?? "");
    await server.clock.advance(hour);
    await put(1, missing());
    expect(await generation()).not.toBe(before ?? "");
  });
});

describe("how much is kept", () => {
  test("is what is stored, whatever was told twice, forgotten or begun anew", async () => {
    server.startTrees();
    await server.tell(1, treesOf(home));
    await server.tell(2, treesOf({ ...home, etc: { hosts: 11 } }));
    await server.tell(2, treesOf(home));
    expect(await shown()).toEqual(await kept());
    await have(3);
    await put(3, treesOf({ unfinished: 1 }).trees);
    expect(await shown()).toEqual(await kept());
    await server.clock.advance(1_000);
    await server.list(server.nas, [2, 3]);
    await server.clock.advance(3 * hour);
    await settle();
    expect(await kept()).toMatchObject({ trees: 4 });
    expect(await shown()).toEqual(await kept());
  });

  test.each(["GET", "DELETE"])(
    "%s of an unknown repository's is not found and leaves no trace",
    async (method) => {
      const before = await server.actions();
      const path = "/api/repositories/01J00000000000000000000009/index";
      const { status, body } = await server.call(method, path);
      expect([status, body.code]).toEqual([404, "repository_not_found"]);
      expect(await server.actions()).toEqual(before);
    },
  );
});

test("the owner's word counts more than another host's that was asked while it was away", async () => {
  const attic = await server.addHost(2, "attic");
  await server.setUp(attic);
  await server.leave(server.nas);
  const path = `${server.base}/snapshots/${snapshotOf(1)}/index`;
  await server.call("POST", path);
  await server.tell(1, treesOf({ trap: 1 }), attic);
  expect((await server.of(1, "tree")).body.entries).toMatchObject([
    { n: "trap" },
  ]);
  await server.comeBack(server.nas);
  const told = await server.tell(1, treesOf(home));
  expect(told.have).toMatchObject({ wanted: true });
  expect((await server.of(1, "tree")).body.entries).toMatchObject([
    { n: "etc" },
    { n: "home" },
  ]);
  expect(await have(1, attic)).toMatchObject({ wanted: false });
  expect(await have(1)).toMatchObject({ wanted: false });
});

test("an agent that refuses to tell again leaves what was known of the index", async () => {
  await have(1);
  await put(1, treesOf(home).trees);
  await server.clock.advance(11 * 60_000);
  const before = await stateOf(1);
  server.nas.onCommand("tree.index", () => ({
    ok: false,
    code: "internal",
    message: "No.",
  }));
  const path = `${server.base}/snapshots/${snapshotOf(1)}/index`;
  expect((await server.call("POST", path)).status).toBe(409);
  expect(await stateOf(1)).toEqual(before);
  expect(await shown()).toEqual(await kept());
});
