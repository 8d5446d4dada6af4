import { beforeEach, expect, test } from "bun:test";
import { createTestBackups } from "../../testing/test-backups.ts";
import type { TestBackups } from "../../testing/test-backups.ts";
import { settle } from "../../testing/test-endpoint.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";

let server: TestBackups;
let host: TestEndpoint;
let repositoryId: string;

beforeEach(async () => {
  server = await createTestBackups();
  host = await server.addHost(1, "nas");
  repositoryId = (await server.setUp(host)).repository.id;
});

const idOf = (n: number) => n.toString(16).padStart(64, "0");

const snapshot = (n: number, over: object = {}) => ({
  id: idOf(n),
  time: `2026-01-01T0${n % 10}:00:00.5+01:00`,
  hostname: "nas",
  username: "root",
  paths: ["/etc"],
  tags: ["default"],
  parent: null,
  size_bytes: 1000 + n,
  file_count: n,
  ...over,
});

const list = (rev: string, of: number, part: number, snapshots: object[]) => ({
  repository_id: repositoryId,
  rev,
  part,
  of,
  snapshots,
});

async function shown(query = "", endpoint = host) {
  const path = `/api/hosts/${endpoint.hostId}/snapshots${query}`;
  return (await server.call("GET", path)).body;
}

test("before the first list there is none, and no time of it", async () => {
  expect(await shown()).toEqual({
    snapshots: [],
    total: 0,
    refreshed_at: null,
    next_cursor: null,
  });
});

test("a list in three parts counts when all are there, whatever their order [SNP-01]", async () => {
  const rev = server.random.id();
  const parts = [[1, 2], [3], [4, 5]].map((numbers, i) =>
    host.make(
      "snap.part",
      list(
        rev,
        3,
        i,
        numbers.map((n) => snapshot(n)),
      ),
    ),
  );
  await parts[2]?.();
  await parts[0]?.();
  await settle();
  expect((await shown()).total).toBe(0);

  await parts[1]?.();
  await settle();
  const page = await shown();
  expect(page.total).toBe(5);
  expect(page.snapshots.map((s: { id: string }) => s.id)).toEqual(
    [5, 4, 3, 2, 1].map(idOf),
  );
  expect(page.refreshed_at).toBe("2026-01-01T00:00:00.000Z");
  expect(page.snapshots[0]).toEqual({
    ...snapshot(5),
    time: "2026-01-01T04:00:00.500Z",
    short_id: "00000000",
    repository_id: repositoryId,
    own: true,
  });
  expect(
    await server.db.selectFrom("snapshot_parts").selectAll().execute(),
  ).toEqual([]);
  expect(server.heard).toContainEqual({
    type: "snapshots.changed",
    repositoryId,
  });
  expect(server.heard).toContainEqual({
    type: "host.changed",
    hostId: host.hostId,
  });
});

test("a newer list replaces the whole, an older one or a repeated one does nothing [SNP-01]", async () => {
  const [older, newer] = [server.random.id(), server.random.id()];
  await host.report("snap.part", list(newer, 1, 0, [snapshot(2), snapshot(3)]));
  const kept = await shown();
  await host.report("snap.part", list(older, 1, 0, [snapshot(1)]));
  await host.report("snap.part", list(newer, 1, 0, [snapshot(4)]));
  expect(await shown()).toEqual(kept);

  await host.report("snap.part", list(server.random.id(), 1, 0, [snapshot(3)]));
  expect((await shown()).snapshots.map((s: { id: string }) => s.id)).toEqual([
    idOf(3),
  ]);
});

test("an empty list empties the stored one", async () => {
  await host.report("snap.part", list(server.random.id(), 1, 0, [snapshot(1)]));
  await host.report("snap.part", list(server.random.id(), 1, 0, []));
  expect(await shown()).toMatchObject({
    total: 0,
    refreshed_at: expect.any(String),
  });
});

test("a list overtaken while its parts were under way is dropped", async () => {
  const [older, newer] = [server.random.id(), server.random.id()];
  await host.report("snap.part", list(older, 2, 0, [snapshot(1)]));
  await host.report("snap.part", list(newer, 1, 0, [snapshot(2)]));
  await host.report("snap.part", list(older, 2, 1, [snapshot(3)]));

  expect((await shown()).snapshots.map((s: { id: string }) => s.id)).toEqual([
    idOf(2),
  ]);
  expect(
    await server.db.selectFrom("snapshot_parts").selectAll().execute(),
  ).toEqual([]);
});

test("lists that are begun and never finished fill no table [TRN-10]", async () => {
  for (let i = 0; i < 20; i++) {
    await server.clock.advance(1000);
    const rev = server.random.id();
    await host.report("snap.part", list(rev, 3, 0, [snapshot(1)]));
    await host.report("snap.part", list(rev, 3, 1, [snapshot(2)]));
  }
  const endless = list(server.random.id(), 100_000, 0, [snapshot(1)]);
  await host.report("snap.part", endless);
  const staged = await server.db
    .selectFrom("snapshot_parts")
    .selectAll()
    .execute();
  expect(staged).toHaveLength(8);
  const last =
    staged
      .map(({ rev }) => rev)
      .sort()
      .at(-1) ?? "";
  await host.report("snap.part", list(last, 3, 2, [snapshot(3)]));
  expect((await shown()).total).toBe(3);
});

test("a list of a clock that was ahead does not outlive those that follow", async () => {
  const now = server.clock.now();
  const early = server.random.id();
  server.clock.set(now + 365 * 86_400_000);
  const ahead = server.random.id();
  server.clock.set(now);
  await host.report("snap.part", list(ahead, 1, 0, [snapshot(1)]));
  await host.report("snap.part", list(early, 1, 0, [snapshot(2)]));
  expect((await shown()).snapshots).toMatchObject([{ id: idOf(2) }]);
});

test("snapshots of other machines, and from before this product, are shown as foreign", async () => {
  const other = await server.addHost(2, "laptop");
  await server.setUp(other);
  await host.report(
    "snap.part",
    list(server.random.id(), 1, 0, [
      snapshot(1),
      snapshot(2, { tags: [] }),
      snapshot(3, { hostname: "laptop" }),
      snapshot(4, { hostname: "elsewhere" }),
    ]),
  );
  const own = async (endpoint: TestEndpoint) =>
    (await shown("", endpoint)).snapshots
      .filter((s: { own: boolean }) => s.own)
      .map((s: { id: string }) => s.id);
  expect(await own(host)).toEqual([idOf(1)]);
  expect(await own(other)).toEqual([idOf(3)]);
  expect((await shown("", other)).total).toBe(4);
});

test("a snapshot stays its host's after the source group was renamed", async () => {
  const groups = await server.call("GET", `/api/hosts/${host.hostId}/sources`);
  const [group] = groups.body.groups;
  await host.report("snap.part", list(server.random.id(), 1, 0, [snapshot(1)]));
  await server.call("PUT", `/api/sources/${group.id}`, {
    name: "system",
    includes: ["/etc"],
  });
  await host.report(
    "snap.part",
    list(server.random.id(), 1, 0, [
      snapshot(1),
      snapshot(2, { tags: ["system"] }),
    ]),
  );
  expect((await shown()).snapshots.map((s: { own: boolean }) => s.own)).toEqual(
    [true, true],
  );
});

test("what an old restic does not tell stays unknown", async () => {
  const old = snapshot(1, {
    size_bytes: null,
    file_count: null,
    username: null,
  });
  await host.report("snap.part", list(server.random.id(), 1, 0, [old]));
  expect((await shown()).snapshots[0]).toMatchObject({
    size_bytes: null,
    file_count: null,
    username: null,
  });
});

test("a host cannot report about a repository it does not use", async () => {
  const stranger = await server.addHost(2, "stranger");
  await host.report("snap.part", list(server.random.id(), 1, 0, [snapshot(1)]));
  await stranger.report("snap.part", list(server.random.id(), 1, 0, []));
  expect((await shown()).total).toBe(1);
});

test("pages follow one another without a gap or a repeat", async () => {
  const snapshots = Array.from({ length: 25 }, (_, i) => snapshot(i));
  await host.report("snap.part", list(server.random.id(), 1, 0, snapshots));
  const seen: string[] = [];
  let query = "?limit=10";
  for (;;) {
    const page = await shown(query);
    seen.push(...page.snapshots.map((s: { id: string }) => s.id));
    if (page.next_cursor === null) break;
    query = `?limit=10&cursor=${encodeURIComponent(page.next_cursor)}`;
  }
  expect(seen).toHaveLength(25);
  expect(new Set(seen).size).toBe(25);
});

test("a list of 10,000 snapshots is replaced at once", async () => {
  const rev = server.random.id();
  for (let part = 0; part < 20; part++) {
    const snapshots = Array.from({ length: 500 }, (_, i) =>
      snapshot(part * 500 + i),
    );
    await host.make("snap.part", list(rev, 20, part, snapshots))();
  }
  await settle();
  await settle();
  expect((await shown()).total).toBe(10_000);
});

test("a cursor that no page gave is refused", async () => {
  expect((await shown("?cursor=nonsense")).fields).toHaveProperty("cursor");
});
