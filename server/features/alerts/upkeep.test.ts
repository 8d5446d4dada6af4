import { beforeEach, expect, test } from "bun:test";
import { createTestAlerts } from "../../testing/test-alerts.ts";
import type { TestAlerts } from "../../testing/test-alerts.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";

let server: TestAlerts;
let host: TestEndpoint;
let repository: string;

const day = 24 * 60 * 60_000;

beforeEach(async () => {
  server = await createTestAlerts();
  host = await server.addHost(1, "nas");
  repository = (await server.setUp(host)).repository.id;
  // Backups are another test's subject.
  await server.db.updateTable("schedules").set({ enabled: 0 }).execute();
  server.start();
  await server.pass(1000);
});

const open = () => server.list("state=unresolved");
const kinds = async () => (await open()).map(({ kind }) => kind);

/** An upkeep job of the repository ended. */
async function upkeep(
  kind: "forget" | "prune" | "check",
  status: "succeeded" | "failed" | "cancelled" | "lost",
): Promise<string> {
  const id = server.random.id();
  const at = new Date(server.clock.now()).toISOString();
  await server.db
    .insertInto("jobs")
    .values({
      id,
      host_id: host.hostId,
      kind,
      status,
      actor_kind: "system",
      repository_id: repository,
      queued_at: at,
      finished_at: at,
      error: status === "failed" ? "It did not work." : null,
    })
    .execute();
  server.events.emit({ type: "repository.changed", repositoryId: repository });
  await server.pass(1000);
  return id;
}

const failures = [
  ["forget", "warning", "Forget"],
  ["prune", "critical", "Prune"],
  ["check", "critical", "The check"],
] as const;
for (const [kind, severity, word] of failures) {
  test(`a failed ${kind} is told once, ${severity}, until one succeeds [ALR-06]`, async () => {
    const jobId = await upkeep(kind, "failed");
    expect(await open()).toMatchObject([
      {
        kind: `${kind}_failed`,
        severity,
        repository_id: repository,
        host_id: null,
        job_id: jobId,
        message: `${word} of the repository “backup” by nas failed: It did not work.`,
      },
    ]);
    const again = await upkeep(kind, "failed");
    expect(await open()).toMatchObject([{ job_id: again }]);
    await upkeep(kind, "cancelled");
    expect(await kinds()).toEqual([`${kind}_failed`]);
    await upkeep(kind, "succeeded");
    expect(await kinds()).toEqual([]);
    expect((await server.list()).length).toBe(1);
  });
}

test("upkeep of one kind says nothing of another, and a lost one has failed [ALR-06]", async () => {
  await upkeep("prune", "lost");
  await upkeep("forget", "succeeded");
  await upkeep("check", "failed");
  expect((await kinds()).toSorted()).toEqual(["check_failed", "prune_failed"]);
});

test("upkeep of a runner that does not use the repository is the repository's [ALR-05] [ALR-06] [MNT-07]", async () => {
  const runner = await server.addHost(2, "vault");
  const id = await upkeep("check", "failed");
  await server.db
    .updateTable("jobs")
    .set({ host_id: runner.hostId })
    .where("id", "=", id)
    .execute();
  await server.pass(60_000);
  const ofHost = async (hostId: string) =>
    (await server.list(`host_id=${hostId}`)).map(({ kind }) => kind);
  expect(await ofHost(host.hostId)).toEqual(["check_failed"]);
  expect(await ofHost(runner.hostId)).toEqual([]);
  const ofRepository = async (repositoryId: string) =>
    (await server.list(`repository_id=${repositoryId}`)).length;
  expect(await ofRepository(repository)).toBe(1);
  expect(await ofRepository(server.random.id())).toBe(0);
});

const lock = (id: string, state: "own_dead" | "old" | "live") => ({
  id,
  exclusive: false,
  hostname: "nas",
  username: "root",
  pid: 4711,
  time: "2026-01-01T01:30:00.5+01:00",
  state,
});

async function seeLocks(...locks: ReturnType<typeof lock>[]): Promise<void> {
  const at = new Date(server.clock.now()).toISOString();
  const seen = { locks: JSON.stringify(locks), updated_at: at };
  await server.db
    .insertInto("repository_stats")
    .values({ repository_id: repository, ...seen })
    .onConflict((clash) => clash.column("repository_id").doUpdateSet(seen))
    .execute();
  server.events.emit({ type: "repository.changed", repositoryId: repository });
  await server.pass(1000);
}

test("a lock that nobody uses is told until it is gone, a living one is not [ALR-08] [LCK-01]", async () => {
  await seeLocks(lock("a".repeat(64), "live"));
  expect(await kinds()).toEqual([]);
  await seeLocks(lock("a".repeat(64), "live"), lock("b".repeat(64), "old"));
  expect(await open()).toMatchObject([
    {
      kind: "stale_lock",
      repository_id: repository,
      message: expect.stringContaining(
        "a restic on nas (process 4711) that was last there at 2026-01-01 00:30 UTC.",
      ),
    },
  ]);
  await seeLocks(lock("a".repeat(64), "old"), lock("b".repeat(64), "old"));
  expect((await open())[0]?.message).toContain("and 1 more");
  await seeLocks();
  expect(await kinds()).toEqual([]);
});

test("a stale lock that a person closed is told again when it is another one [ALR-08]", async () => {
  await seeLocks(lock("a".repeat(64), "old"));
  const [{ id } = { id: "" }] = await open();
  await server.call("POST", `/api/alerts/${id}/resolve`);
  await server.pass(60_000);
  expect(await kinds()).toEqual([]);
  await seeLocks(lock("c".repeat(64), "old"));
  expect(await kinds()).toEqual(["stale_lock"]);
});

test("a temporary key that cannot be removed is told after a quarter of an hour, until it is gone [ALR-06] [RTR-07]", async () => {
  const at = new Date(server.clock.now()).toISOString();
  const key = { repository_id: repository, job_id: null, made_at: at };
  await server.db
    .insertInto("temporary_keys")
    .values({
      ...key,
      id: server.random.id(),
      keeper_host_id: host.hostId,
      restic_key_id: null,
      remove_after: at,
      last_error: "The rest-server does not answer.",
    })
    .execute();
  await server.pass(14 * 60_000);
  expect(await kinds()).toEqual([]);
  await server.pass(2 * 60_000);
  expect(await open()).toMatchObject([
    {
      kind: "temporary_key_left",
      severity: "warning",
      repository_id: repository,
      message: expect.stringContaining(
        "still opens the repository “backup”: The rest-server does not answer.",
      ),
    },
  ]);
  await server.db.deleteFrom("temporary_keys").execute();
  await server.pass(60_000);
  expect(await kinds()).toEqual([]);
});

async function keep(retention: object): Promise<void> {
  const at = new Date(server.clock.now()).toISOString();
  await server.db
    .updateTable("source_groups")
    .set({ retention: JSON.stringify(retention), updated_at: at })
    .execute();
}

test("retention that nothing enforces is told after a day, and over when it is [ALR-08]", async () => {
  await server.pass(2 * day);
  // Nobody wants anything removed.
  expect(await kinds()).toEqual([]);
  await keep({ daily: 7 });
  await server.pass(60_000);
  expect(await open()).toMatchObject([
    {
      kind: "retention_not_enforced",
      repository_id: repository,
      message: expect.stringContaining("it has no admin credential"),
    },
  ]);
  await server.db
    .updateTable("source_groups")
    .set({ retention: "{}" })
    .execute();
  await server.pass(60_000);
  expect(await kinds()).toEqual([]);
});

test("a new repository has a day before its retention is missed [ALR-08]", async () => {
  await keep({ daily: 7 });
  await server.pass(day - 120_000);
  expect(await kinds()).toEqual([]);
  await server.pass(240_000);
  expect(await kinds()).toEqual(["retention_not_enforced"]);
});

async function clockIs(clock_skew_ms: number): Promise<void> {
  await server.db.updateTable("hosts").set({ clock_skew_ms }).execute();
  server.events.emit({ type: "host.changed", hostId: host.hostId });
  await server.pass(1000);
}

test("a clock that is wrong is told until it is right [ALR-08]", async () => {
  await clockIs(4 * 60_000);
  expect(await kinds()).toEqual([]);
  await clockIs(-60 * 60_000);
  expect(await open()).toMatchObject([
    {
      kind: "clock_skew",
      host_id: host.hostId,
      message: expect.stringContaining("The clock of nas is 60 minutes behind"),
    },
  ]);
  // A few milliseconds more are no news.
  const [before] = await open();
  await clockIs(-60 * 60_000 - 40);
  expect((await open())[0]?.last_seen_at).toBe(before?.last_seen_at ?? "");
  await clockIs(1000);
  expect(await kinds()).toEqual([]);
  await clockIs(3 * day);
  expect((await open())[0]?.message).toContain("is 3 days ahead");
});
