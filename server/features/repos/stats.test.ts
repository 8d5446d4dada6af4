import { beforeEach, expect, test } from "bun:test";
import type { MaintenanceKind } from "@restic-manager/shared/domain/job.ts";
import type { RepositoryStats } from "@restic-manager/shared/domain/maintenance.ts";
import { settle } from "../../testing/test-endpoint.ts";
import { createTestUpkeep } from "../../testing/test-upkeep.ts";
import type { TestUpkeep } from "../../testing/test-upkeep.ts";

let server: TestUpkeep;

beforeEach(async () => {
  server = await createTestUpkeep();
  // Later than everything the reports below tell of.
  server.clock.set(Date.parse("2026-01-01T12:00:00.000Z"));
});

const tell = (stats: RepositoryStats, at = "2026-01-01T03:00:00.000Z") =>
  server.nas.report("repo.stats", {
    repository_id: server.repositoryId,
    at,
    stats,
  });
const stats = async () => (await server.repository()).stats;

const lock = {
  id: "e".repeat(64),
  exclusive: true,
  hostname: "nas",
  username: "root",
  pid: 4711,
  time: "2026-01-01T02:00:00+01:00",
  state: "live" as const,
};

/** What this server told the host to do. */
async function give(...kinds: MaintenanceKind[]) {
  await server.setAdmin();
  for (const kind of kinds) {
    const isInit = kind === "init";
    const body = isInit ? { name: "backup" } : {};
    const { body: job } = await server.post(isInit ? "reinit" : kind, body);
    if (!isInit) await server.report(server.nas, "job.done", job);
  }
}

test("before the first look everything is unknown, not nothing [REP-02]", async () => {
  expect(await stats()).toEqual({
    total_size: null,
    raw_size: null,
    dedup_ratio: null,
    last_check_at: null,
    last_check_ok: null,
    last_prune_at: null,
    last_forget_at: null,
    locks: [],
    updated_at: null,
  });
});

test("what a job looked at changes, and the rest stays [REP-01]", async () => {
  await give("check", "prune");
  const at = "2026-01-01T02:00:00.000Z";
  await tell({ check: { at, ok: false, errors: 2 }, locks: [lock] }, at);
  await tell({ raw_size: 501_525, total_size: 2_200_000 });
  await tell({ pruned_at: "2026-01-01T04:00:00.000Z" });

  expect(await stats()).toEqual({
    total_size: 2_200_000,
    raw_size: 501_525,
    dedup_ratio: 2_200_000 / 501_525,
    last_check_at: at,
    last_check_ok: false,
    last_prune_at: "2026-01-01T03:00:00.000Z",
    last_forget_at: null,
    locks: [lock],
    updated_at: "2026-01-01T03:00:00.000Z",
  });
  expect(server.heard).toContainEqual({
    type: "repository.changed",
    repositoryId: server.repositoryId,
  });
});

test("the ratio of an empty repository is unknown [REP-02]", async () => {
  await tell({ raw_size: 0, total_size: 0 });
  expect((await stats()).dedup_ratio).toBeNull();
});

test("news that come late do not replace newer ones [REP-01]", async () => {
  await give("check");
  const check = (at: string, ok: boolean) => ({ at, ok, errors: ok ? 0 : 1 });
  const late = "2026-01-01T03:00:00.000Z";
  const newer = "2026-01-01T09:00:00.000Z";
  await tell({ raw_size: 900, locks: [], check: check(newer, true) }, newer);
  await tell({ raw_size: 300, locks: [lock], check: check(late, false) }, late);
  expect(await stats()).toMatchObject({
    raw_size: 900,
    locks: [],
    last_check_ok: true,
  });
});

test("a repository that was created anew has nothing of the one before [REP-04]", async () => {
  await give("prune", "init");
  await tell({ raw_size: 900, pruned_at: "2026-01-01T03:00:00.000Z" });
  const restic_id = "d".repeat(64);
  await tell({ restic_id, raw_size: 10 }, "2026-01-01T04:00:00.000Z");
  expect(await server.repository()).toMatchObject({
    repository_id: restic_id,
    stats: { raw_size: 10, last_prune_at: null },
  });
});

test("a host whose clock is ahead does not hold back the news to come [REP-01]", async () => {
  await tell({ raw_size: 300 }, "2027-01-01T00:00:00.000Z");
  server.clock.set(Date.parse("2026-01-01T13:00:00.000Z"));
  await tell({ raw_size: 900 }, "2026-01-01T12:30:00.000Z");
  expect((await stats()).raw_size).toBe(900);
});

test("reports about a repository that is gone are stored nowhere", async () => {
  await server.nas.report("repo.stats", {
    repository_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    at: "2026-01-01T03:00:00.000Z",
    stats: { raw_size: 1 },
  });
  const rows = await server.db
    .selectFrom("repository_stats")
    .selectAll()
    .execute();
  expect(rows).toEqual([]);
});

test("a host that reports removed locks without end does not fill the audit trail", async () => {
  const locks = [{ ...lock, hostname: "x".repeat(5000) }];
  const at = "2026-01-01T03:00:00.000Z";
  const report = { repository_id: server.repositoryId, job_id: null, at };
  for (let n = 0; n < 800; n++) {
    await server.nas.make("repo.unlocked", { ...report, locks })();
  }
  await settle();
  const rows = await server.db
    .selectFrom("audit_log")
    .select("payload")
    .where("action", "=", "repository.unlock")
    .execute();
  expect(rows).toHaveLength(750);
  expect(rows[0]?.payload?.length).toBeLessThan(600);
});

test("a host that was given no upkeep can neither claim that it was done, nor that the repository is another one", async () => {
  const at = "2026-01-01T03:00:00.000Z";
  await tell({
    restic_id: "d".repeat(64),
    raw_size: 300,
    check: { at, ok: true, errors: 0 },
    pruned_at: at,
    forgot_at: at,
  });
  expect(await server.repository()).toMatchObject({
    repository_id: "a".repeat(64),
    stats: {
      raw_size: 300,
      last_check_at: null,
      last_prune_at: null,
      last_forget_at: null,
    },
  });
});

test("a repository is made anew once for each time it was asked for [REP-04]", async () => {
  const { body: job } = await server.post("reinit", { name: "backup" });
  await tell({ restic_id: "d".repeat(64) });
  await server.report(server.nas, "job.done", job);
  await tell({ restic_id: "e".repeat(64) });
  expect((await server.repository()).repository_id).toBe("d".repeat(64));
});
