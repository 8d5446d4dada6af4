import { beforeEach, describe, expect, test } from "bun:test";
import { zstdCompressSync } from "node:zlib";
import { treeText } from "@restic-manager/shared/domain/tree.ts";
import { refused, settle } from "../../testing/test-endpoint.ts";
import {
  createTestTrees,
  idOf,
  packed,
  snapshotOf,
  treesOf,
} from "../../testing/test-trees.ts";
import { checkTree } from "./packed.ts";

let server: Awaited<ReturnType<typeof createTestTrees>>;
beforeEach(async () => {
  server = await createTestTrees();
  await server.list(server.nas, [1, 2, 3]);
});

const home = {
  etc: { hosts: 10, "fstab.d": { a: 1, b: 2 } },
  home: { ada: { "photo.jpg": 5_000, "Photo of a cat.png": 7 } },
  "new\nline": 3,
};

const file = (n: string) => ({ n, t: "file" as const, s: 1, m: 1, p: "1" });

const names = (body: { entries: { n: string }[] }) =>
  body.entries.map(({ n }) => n);

async function countTrees(): Promise<number> {
  const rows = await server.db.selectFrom("trees").select("id").execute();
  return rows.length;
}

describe("what an agent tells", () => {
  test("is browsed folder by folder, without an agent [RTR-01]", async () => {
    const told = await server.tell(1, treesOf(home));
    expect(told).toMatchObject({
      have: { wanted: true },
      put: { ok: true },
      done: { ok: true },
    });
    await server.leave(server.nas);
    expect(names((await server.of(1, "tree")).body)).toEqual([
      "etc",
      "home",
      "new\nline",
    ]);
    const etc = (await server.of(1, "tree?path=/etc")).body;
    expect([names(etc), etc.total]).toEqual([["fstab.d", "hosts"], 2]);
    expect((await server.of(1, "index")).body).toMatchObject({
      state: "ready",
      files: 3,
    });
  });

  test("is stored once, however many snapshots have it", async () => {
    await server.tell(1, treesOf(home));
    const before = await countTrees();
    await server.tell(2, treesOf({ ...home, etc: { hosts: 11 } }));
    // The root and /etc are new, everything else is what it was.
    expect((await countTrees()) - before).toBe(2);
  });

  test("is asked for once", async () => {
    await server.tell(1, treesOf(home));
    expect(await server.nas.ask("tree.have", server.about(1))).toMatchObject({
      wanted: false,
    });
  });

  test("in parts is put together", async () => {
    const { root, trees } = treesOf(home);
    const parts = trees.flatMap((tree) => {
      const half = Math.floor(tree.z.length / 8) * 4;
      return [tree.z.slice(0, half), tree.z.slice(half)].map((z, part) => ({
        ...tree,
        part,
        of: 2,
        z,
      }));
    });
    expect((await server.tell(1, { root, trees: parts })).done).toMatchObject({
      ok: true,
    });
  });

  test("in parts with nothing in them is refused", async () => {
    const { root, trees } = treesOf(home);
    const parts = trees.map((tree) => ({ ...tree, of: 1e9, z: "" }));
    expect((await server.tell(1, { root, trees: parts })).put).toMatchObject({
      ok: false,
      again: true,
    });
  });

  test("that is not what its id names is refused", async () => {
    const { root, trees } = treesOf(home);
    const other = packed(treeText([]), trees[0]?.id);
    const told = await server.tell(1, { root, trees: [other] });
    expect(told.put).toMatchObject({ ok: false, again: true });
    expect(await countTrees()).toBe(0);
  });

  test("on top of what was never told is refused [RES-06]", async () => {
    const { root, trees } = treesOf(home);
    const told = await server.tell(1, { root, trees: trees.slice(-1) });
    expect(told.put).toMatchObject({ ok: false, again: true });
    expect(await countTrees()).toBe(0);
  });

  test.each([
    ["a path for a name", [{ n: "a/b", t: "file", s: 1, m: 1, p: "1" }]],
    ["a way up", [{ n: "..", t: "file", s: 1, m: 1, p: "1" }]],
    ["a folder without a tree", [{ n: "a", t: "dir", s: 1, m: 1, p: "1" }]],
    [
      "one name twice",
      [
        { n: "a", t: "file", s: 1, m: 1, p: "1" },
        { n: "a", t: "file", s: 2, m: 1, p: "1" },
      ],
    ],
    ["nothing of the kind", { n: "a" }],
    ["nothing in it", [{}]],
    ["text in place of entries", ["a"]],
    ["a key that no entry has", [{ ...file("a"), more: 1 }]],
    ["something in an entry", [{ ...file("a"), l: ["b"] }]],
    ["names out of order", [file("b"), file("a")]],
    ["more in an entry than there is", [{ ...file("a"), l: "b".repeat(1e5) }]],
  ])("with %s is refused", async (_name, content) => {
    const text = JSON.stringify(content);
    const told = await server.tell(1, {
      root: idOf(text),
      trees: [packed(text)],
    });
    expect([told.put, told.done]).toMatchObject([{ ok: false }, { ok: false }]);
    expect((await server.of(1, "tree")).body.code).toBe("not_indexed");
  });

  test("of another host's snapshot is refused", async () => {
    const attic = await server.addHost(2, "attic");
    await server.setUp(attic);
    const told = await server.tell(1, treesOf({ trap: 1 }), attic);
    expect([told.have, told.put, told.done]).toMatchObject([
      { wanted: false },
      { ok: false },
      { ok: false },
    ]);
  });

  test("before the repository is listed counts only for whose snapshot it proves to be", async () => {
    const attic = await server.addHost(2, "attic");
    await server.setUp(attic);
    await server.tell(4, treesOf({ trap: 1 }), attic);
    await server.list(server.nas, [1, 2, 3, 4]);
    expect((await server.of(4, "tree")).body.code).toBe("not_indexed");
    expect(await attic.ask("tree.have", server.about(4))).toMatchObject({
      wanted: false,
    });
    await server.tell(4, treesOf(home));
    expect(names((await server.of(4, "tree")).body)).toContain("etc");
  });

  test("by a host where it is switched off is not wanted, unless somebody waits", async () => {
    const { hostId } = server.nas;
    await server.call("PATCH", `/api/hosts/${hostId}`, {
      index_enabled: false,
    });
    await server.db.updateTable("hosts").set({ index_enabled: 0 }).execute();
    const ask = () => server.nas.ask("tree.have", server.about(1));
    expect(await ask()).toMatchObject({ wanted: false });
    await server.call(
      "POST",
      `${server.base}/snapshots/${snapshotOf(1)}/index`,
    );
    expect(await ask()).toMatchObject({ wanted: true });
  });
});

test("names may hold what means something elsewhere", async () => {
  const odd = { '"': 1, "\\": 2, "]},{[": 3, "a\\": { "ä\u2028😀": 4 } };
  const told = await server.tell(1, treesOf(odd));
  expect(told.done).toMatchObject({ ok: true });
  expect(names((await server.of(1, "tree")).body).sort()).toEqual(
    Object.keys(odd).sort(),
  );
});

test("what unpacks to more than there is room for is no tree", async () => {
  const text = treeText([{ ...file("a"), l: "b".repeat(4_000) }]);
  const check = (room: number) =>
    checkTree(idOf(text), zstdCompressSync(text), room, async () => {});
  expect(await check(text.length)).toMatchObject({ size: text.length });
  expect(await check(text.length - 1)).toBeNull();
});

describe("browsing", () => {
  const many = Object.fromEntries(
    Array.from({ length: 25 }, (_, n) => [`f${String(n).padStart(2, "0")}`, n]),
  );

  test("goes on where a page ended", async () => {
    await server.tell(1, treesOf(many));
    const first = (await server.of(1, "tree?limit=10")).body;
    const rest = (
      await server.of(1, `tree?limit=100&cursor=${first.next_cursor}`)
    ).body;
    expect([...names(first), ...names(rest)]).toEqual(Object.keys(many));
    expect([first.total, rest.next_cursor]).toEqual([25, null]);
  });

  test("finds by a part of a name, anywhere, and says when there is more", async () => {
    await server.tell(1, treesOf(home));
    const { found } = (await server.of(1, "find?q=PHOTO")).body;
    expect(found.map(({ path }: { path: string }) => path).sort()).toEqual([
      "/home/ada/Photo of a cat.png",
      "/home/ada/photo.jpg",
    ]);
    expect((await server.of(1, "find?q=photo&limit=1")).body.more).toBe(true);
  });

  test("finds no further when its browser has left", async () => {
    await server.tell(1, treesOf(home));
    const answer = await server.api.request(
      `${server.base}/snapshots/${snapshotOf(1)}/find?q=photo`,
      { headers: server.admin, signal: AbortSignal.abort() },
    );
    expect(await answer.json()).toEqual({ found: [], more: true });
  });

  test("says what is wrong", async () => {
    await server.tell(1, treesOf(home));
    const code = async (number: number, what: string) =>
      (await server.of(number, what)).body.code;
    expect(await code(1, "tree?path=/nowhere")).toBe("path_not_found");
    expect(await code(2, "tree")).toBe("not_indexed");
    expect(await code(9, "tree")).toBe("snapshot_not_found");
    expect(await code(1, "tree?path=/etc/../home")).toBe("invalid_request");
    expect(await code(1, "find?q=a")).toBe("invalid_request");
  });

  test("is not for viewers, whatever they type [RTR-01]", async () => {
    await server.tell(1, treesOf(home));
    const viewer = await server.api.as("viewer");
    const path = `${server.base}/snapshots/${snapshotOf(1)}`;
    for (const what of ["tree", "find?q=photo", "index"]) {
      const answer = await server.api.request(`${path}/${what}`, {
        headers: viewer,
      });
      expect(answer.status).toBe(403);
    }
  });
});

describe("an index that is not there", () => {
  const path = () => `${server.base}/snapshots/${snapshotOf(1)}/index`;

  test("is asked of the host that made the snapshot", async () => {
    const answer = await server.call("POST", path());
    expect([answer.status, answer.body.state]).toEqual([202, "indexing"]);
    expect(server.nas.received.at(-1)).toMatchObject({
      verb: "tree.index",
      p: server.about(1),
    });
    // Asking twice is asking once.
    await server.call("POST", path());
    const asked = server.nas.received.filter(
      ({ verb }) => verb === "tree.index",
    );
    expect(asked).toHaveLength(1);
  });

  test("is not asked of anybody while nobody is there", async () => {
    await server.leave(server.nas);
    expect((await server.call("POST", path())).body.code).toBe("host_offline");
    expect((await server.of(1, "index")).body.state).toBe("none");
  });

  test("that an agent refuses stays what it was", async () => {
    server.nas.onCommand("tree.index", () => refused("internal", "No."));
    const answer = await server.call("POST", path());
    expect([answer.status, answer.body.message]).toEqual([409, "No."]);
    expect((await server.of(1, "index")).body.state).toBe("none");
  });

  test("says after a while that nobody sends it any more", async () => {
    await server.call("POST", path());
    await server.clock.advance(11 * 60_000);
    expect((await server.of(1, "index")).body.state).toBe("failed");
    expect((await server.call("POST", path())).body.state).toBe("indexing");
  });
});

describe("throwing away", () => {
  test("all of it loses no backup, and agents tell everything again", async () => {
    const told = await server.tell(1, treesOf(home));
    const answer = await server.call("DELETE", `${server.base}/index`);
    expect(answer.body).toEqual({ snapshots_indexed: 0, trees: 0, bytes: 0 });
    expect((await server.of(1, "tree")).body.code).toBe("not_indexed");
    expect(await server.actions()).toContain("index.delete");
    const { have } = await server.tell(1, treesOf(home));
    expect(have).not.toMatchObject({
      generation: (told.have as { generation: string }).generation,
    });
    expect((await server.of(1, "tree")).status).toBe(200);
  });

  test("what only forgotten snapshots had, an hour later", async () => {
    server.startTrees();
    await server.tell(1, treesOf(home));
    await server.tell(2, treesOf({ etc: home.etc, more: 1 }));
    const both = await countTrees();
    await server.clock.advance(1_000);
    await server.list(server.nas, [2, 3]);
    await server.clock.advance(3 * 3_600_000);
    await settle();
    // The root, /home and /home/ada of the first one.
    expect(both - (await countTrees())).toBe(3);
    expect((await server.of(2, "tree?path=/etc/fstab.d")).status).toBe(200);
  });

  test("nothing of a new snapshot whose repository could not be listed after its backup", async () => {
    server.startTrees();
    await server.list(server.nas, [1]);
    await server.clock.advance(1_000);
    await server.tell(2, treesOf(home));
    const all = await countTrees();
    await server.clock.advance(24 * 3_600_000);
    await settle();
    expect(await countTrees()).toBe(all);
    await server.list(server.nas, [1, 2]);
    await server.clock.advance(3 * 3_600_000);
    await settle();
    expect((await server.of(2, "tree?path=/etc")).status).toBe(200);
  });
});
