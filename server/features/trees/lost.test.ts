import { beforeEach, expect, test } from "bun:test";
import { settle } from "../../testing/test-endpoint.ts";
import {
  createTestTrees,
  snapshotOf,
  treesOf,
} from "../../testing/test-trees.ts";

let server: Awaited<ReturnType<typeof createTestTrees>>;
beforeEach(async () => {
  server = await createTestTrees();
  await server.list(server.nas, [1, 2, 3]);
});

const ada = { "photo.jpg": 5_000 };
const home = { etc: { hosts: 10 }, home: { ada } };

const stateOf = async (number: number) =>
  (await server.of(number, "index")).body.state;

/** As a server leaves it that is killed while it throws trees away. */
async function lose(folder: typeof ada): Promise<void> {
  await server.db
    .deleteFrom("trees")
    .where("id", "=", treesOf(folder).root)
    .execute();
}

/** An agent that sent all of it before says no more than this. */
async function tellBriefly(number: number, root: string) {
  const answer = await server.nas.ask("tree.have", server.about(number));
  const about = server.about(number);
  await server.nas.ask("tree.done", { ...about, root, files: 1, bytes: 1 });
  return answer as { generation: string };
}

const places: readonly [string, () => Promise<{ body: { code?: string } }>][] =
  [
    ["a folder", () => server.of(2, "tree?path=/home/ada")],
    ["find", () => server.of(2, "find?q=photo")],
    [
      "what changed",
      () => {
        const query = `a=${snapshotOf(1)}&b=${snapshotOf(2)}`;
        return server.call("GET", `${server.base}/diff?${query}&path=/`);
      },
    ],
  ];

test.each(places)(
  "a folder that a crash took away is noticed by %s, and told again",
  async (_name, look) => {
    await server.tell(1, treesOf({ etc: home.etc }));
    await server.tell(3, treesOf(home));
    await lose(ada);
    const { generation } = await tellBriefly(2, treesOf(home).root);
    expect(await stateOf(2)).toBe("ready");
    expect((await look()).body.code).toBe("not_indexed");
    expect(await stateOf(2)).toBe("failed");
    expect(await stateOf(1)).toBe("ready");
    const again = await server.tell(2, treesOf(home));
    expect(again.have).toMatchObject({ wanted: true });
    expect(again.have).not.toMatchObject({ generation });
    expect((await server.of(2, "tree?path=/home/ada")).status).toBe(200);
  },
);

test("a folder that is missing keeps nobody from throwing away what is not needed", async () => {
  server.startTrees();
  await server.tell(1, treesOf({ old: { a: 1 } }));
  await server.tell(2, treesOf(home));
  await server.tell(3, treesOf({ etc: home.etc }));
  await lose(ada);
  await server.clock.advance(1_000);
  await server.list(server.nas, [2, 3]);
  await server.clock.advance(3 * 3_600_000);
  await settle();
  expect(await stateOf(2)).toBe("none");
  const rows = await server.db.selectFrom("trees").select("id").execute();
  expect(rows.map(({ id }) => id)).not.toContain(
    treesOf({ old: { a: 1 } }).root,
  );
  expect((await server.of(3, "tree?path=/etc")).status).toBe(200);
});

test("a repository that cannot be read keeps no other from it, and stands in the log", async () => {
  server.startTrees();
  const attic = await server.addHost(2, "attic");
  const other = await server.setUp(attic, {
    repository: {
      url: "rest:http://elsewhere:8000/backup",
      mode: "existing",
      credential: { password: "another one" },
    },
  });
  const rows = [server.repositoryId, other.repository.id as string].sort();
  expect(new Set(rows).size).toBe(2);
  const at = new Date(server.clock.now()).toISOString();
  for (const repository_id of rows) {
    const root = treesOf(home).root;
    await server.db
      .insertInto("trees")
      .values({ repository_id, id: root, packed: new Uint8Array([1]) })
      .execute();
    await server.db
      .insertInto("snapshot_trees")
      .values([
        {
          repository_id,
          snapshot_id: snapshotOf(1),
          state: "ready",
          root,
          updated_at: at,
        },
        {
          repository_id,
          snapshot_id: snapshotOf(9),
          state: "ready",
          updated_at: at,
        },
      ])
      .execute();
  }
  const later = new Date(server.clock.now() + 1_000).toISOString();
  await server.db
    .updateTable("repositories")
    .set({ snapshots_refreshed_at: later })
    .execute();
  await server.db
    .insertInto("snapshots")
    .values({
      repository_id: other.repository.id,
      snapshot_id: snapshotOf(1),
      short_id: snapshotOf(1).slice(0, 8),
      host_id: attic.hostId,
      time: at,
      hostname: "attic",
      paths: "[]",
      tags: "[]",
    })
    .execute();
  await server.clock.advance(3 * 3_600_000);
  await settle();
  const failures = server.logLines.filter((line) =>
    line.includes("Throwing away old indexes failed"),
  );
  const named = new Set(
    failures.map((line) => JSON.parse(line).repository_id as string),
  );
  expect([...named].sort()).toEqual(rows);
});

test("deleting the index while an agent says that it is done leaves none that is empty", async () => {
  const { root, trees } = treesOf(home);
  const about = server.about(1);
  await server.nas.ask("tree.have", about);
  await server.nas.ask("tree.put", { ...about, trees });
  const run = server.tx.run;
  // The last moment: everything was looked at, and is about to be written.
  server.tx.run = async (work) => {
    server.tx.run = run;
    await server.call("DELETE", `${server.base}/index`);
    return run(work);
  };
  const done = { ...about, root, files: 1, bytes: 1 };
  expect(await server.nas.ask("tree.done", done)).toMatchObject({ ok: false });
  expect(await stateOf(1)).toBe("none");
});

test("deleting the index while an agent tells stores nothing that stands on what is gone", async () => {
  const { trees } = treesOf(home);
  const about = server.about(1);
  await server.nas.ask("tree.have", about);
  await server.nas.ask("tree.put", { ...about, trees: trees.slice(0, -1) });
  const run = server.tx.run;
  server.tx.run = async (work) => {
    server.tx.run = run;
    await server.call("DELETE", `${server.base}/index`);
    return run(work);
  };
  const rest = { ...about, trees: trees.slice(-1) };
  expect(await server.nas.ask("tree.put", rest)).toMatchObject({ ok: false });
  const rows = await server.db.selectFrom("trees").select("id").execute();
  expect(rows).toEqual([]);
});
