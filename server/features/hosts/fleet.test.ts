import { beforeEach, describe, expect, test } from "bun:test";
import {
  fleetSummary,
  hostList,
  type HostRow,
} from "@restic-manager/shared/api/hosts.ts";
import type { JobKind, JobState } from "@restic-manager/shared/domain/job.ts";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import {
  createHostsWorld,
  type HostsWorld,
} from "../../testing/hosts-world.ts";
import { createTestAgent, insertTestHost } from "../../testing/test-agent.ts";
import { nextRun } from "../schedules/next-run.ts";
import { createFleet } from "./fleet.ts";
import { healthOf } from "./health.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
let world: HostsWorld;

beforeEach(async () => {
  world = createHostsWorld();
  await world.clock.advance(40 * dayMs + 12 * hourMs);
});

async function addHost(
  number: number,
  status: "online" | "offline" = "online",
) {
  const agent = createTestAgent(world.clock, number);
  const name = `host-${String(number).padStart(3, "0")}`;
  await insertTestHost(world.db, agent, { name, status });
  return agent.hostId;
}

/** A job that ended (or, without an end, still goes on) that many milliseconds ago. */
async function addJob(
  hostId: string,
  status: JobState,
  agoMs: number,
  over: { error_code?: string; stats?: string; kind?: JobKind } = {},
) {
  const at = toTimestamp(world.clock.now() - agoMs);
  const isOpen = ["queued", "sent", "running"].includes(status);
  await world.db
    .insertInto("jobs")
    .values({
      id: world.random.id(),
      host_id: hostId,
      kind: over.kind ?? "backup",
      status,
      actor_kind: "user",
      actor_id: null,
      schedule_id: null,
      source_group_id: null,
      repository_id: null,
      due_at: null,
      queued_at: at,
      started_at: at,
      finished_at: isOpen ? null : at,
      cancel_requested_at: null,
      exit_code: null,
      stats: over.stats ?? null,
      snapshot_id: null,
      command: null,
      log_lines: 0,
      error_code: over.error_code ?? null,
      error: over.error_code === undefined ? null : "It went wrong.",
    })
    .execute();
}

/** A repository, a source group, a schedule and snapshots, as the other features would write them. */
async function setUp(
  hostId: string,
  has: { nextFires: readonly number[]; snapshots: number },
) {
  const { db, random, clock } = world;
  const at = toTimestamp(clock.now());
  const repositoryId = random.id();
  await db
    .insertInto("repositories")
    .values({
      id: repositoryId,
      name: "nas",
      url: "/srv/restic",
      append_only: "no",
      status: "ready",
      created_at: at,
      updated_at: at,
    })
    .execute();
  await db
    .insertInto("host_repositories")
    .values({ host_id: hostId, repository_id: repositoryId, is_default: 1 })
    .execute();
  await db
    .insertInto("source_groups")
    .values({
      id: random.id(),
      host_id: hostId,
      name: "default",
      includes: '["/etc"]',
      excludes: "[]",
      exclude_caches: 1,
      one_file_system: 0,
      retention: "{}",
      retry_max: 0,
      retry_backoff_s: 60,
      created_at: at,
      updated_at: at,
    })
    .execute();
  const fires = has.nextFires.map((ms) => toTimestamp(clock.now() + ms));
  await db
    .insertInto("schedules")
    .values({
      id: random.id(),
      host_id: hostId,
      cron: "0 2 * * *",
      enabled: 1,
      next_fires: JSON.stringify(fires),
      created_at: at,
      updated_at: at,
    })
    .execute();
  for (let number = 0; number < has.snapshots; number++) {
    await db
      .insertInto("snapshots")
      .values({
        repository_id: repositoryId,
        host_id: hostId,
        snapshot_id: String(number).repeat(64),
        short_id: String(number).repeat(8),
        time: at,
        paths: "[]",
        tags: "[]",
        hostname: "nas",
      })
      .execute();
  }
}

async function get(path: string) {
  const headers = await world.as("viewer");
  return (await world.request(path, { headers })).json();
}

async function rows(query = ""): Promise<HostRow[]> {
  return hostList.parse(await get(`/api/hosts${query}`)).hosts;
}

describe("the health of a host", () => {
  const calm = {
    online: true,
    alwaysOn: true,
    lastBackup: "succeeded",
    busy: false,
  } as const;
  const laptop = { ...calm, alwaysOn: false, online: false };

  test.each([
    ["healthy", calm],
    ["no_backup", { ...calm, lastBackup: null }],
    ["running", { ...calm, busy: true }],
    ["degraded", { ...calm, lastBackup: "succeeded_with_issues", busy: true }],
    [
      "offline",
      { ...calm, lastBackup: "succeeded_with_issues", online: false },
    ],
    ["failed", { ...calm, lastBackup: "failed", online: false, busy: true }],
    ["asleep", laptop],
    ["asleep", { ...laptop, busy: true }],
    ["healthy", { ...laptop, online: true }],
    ["no_backup", { ...laptop, lastBackup: null }],
    ["degraded", { ...laptop, lastBackup: "succeeded_with_issues" }],
    ["failed", { ...laptop, lastBackup: "failed" }],
    ["failed", { ...calm, lastBackup: "lost" }],
  ] as const)("is %s for %j", (health, facts) => {
    expect(healthOf(facts)).toBe(health);
  });
});

describe("the fleet", () => {
  test("a row tells the last backup, the one that runs, and thirty days", async () => {
    const hostId = await addHost(1);
    await addJob(hostId, "succeeded", 3 * dayMs);
    await addJob(hostId, "failed", 2 * dayMs, { error_code: "wrong_password" });
    await addJob(hostId, "succeeded", 2 * dayMs - hourMs);
    await addJob(hostId, "succeeded_with_issues", hourMs, {
      stats: JSON.stringify({ data_added: 4711 }),
    });
    await addJob(hostId, "cancelled", hourMs / 2);
    await addJob(hostId, "succeeded", 31 * dayMs);
    await addJob(hostId, "queued", 2000);
    await addJob(hostId, "running", 1000);

    const [row] = await rows();
    expect(row).toMatchObject({
      name: "host-001",
      health: "degraded",
      last_backup: { state: "succeeded_with_issues", bytes_added: 4711 },
      running_job: { state: "running" },
      set_up: false,
      next_run_at: null,
      snapshot_count: 0,
    });
    expect(row?.days).toHaveLength(30);
    expect(row?.days.slice(-4)).toEqual(["ok", "failed", "none", "issues"]);
    expect(row?.days.slice(0, 26)).toEqual(Array(26).fill("none"));
  });

  test("attempts that failed or were lost are not what was last backed up", async () => {
    const [good, issues, never] = [
      await addHost(1),
      await addHost(2),
      await addHost(3),
    ];
    const ago = (ms: number) => toTimestamp(world.clock.now() - ms);
    await addJob(good, "succeeded", 2 * dayMs);
    await addJob(good, "failed", hourMs);
    await addJob(issues, "succeeded_with_issues", 3 * dayMs);
    await addJob(issues, "lost", hourMs);
    await addJob(never, "failed", hourMs);
    const list = await rows();
    expect(list).toMatchObject([
      { last_success_at: ago(2 * dayMs), last_backup: { state: "failed" } },
      { last_success_at: ago(3 * dayMs), last_backup: { state: "lost" } },
      { last_success_at: null, last_backup: { state: "failed" } },
    ]);
    await addJob(good, "succeeded", 0);
    expect((await rows())[0]?.last_success_at).toBe(ago(0));
  });

  test("a failed backup brings its reason", async () => {
    const hostId = await addHost(1, "offline");
    await addJob(hostId, "failed", hourMs, { error_code: "repository_full" });
    expect(await rows()).toMatchObject([
      {
        health: "failed",
        online: false,
        last_backup: {
          error: { code: "repository_full", message: "It went wrong." },
        },
      },
    ]);
  });

  test("set-up, the next run and the snapshots are read from where they are kept", async () => {
    const hostId = await addHost(1);
    await setUp(hostId, {
      nextFires: [-hourMs, 2 * hourMs, 26 * hourMs],
      snapshots: 3,
    });
    expect(await rows()).toMatchObject([
      {
        set_up: true,
        snapshot_count: 3,
        next_run_at: toTimestamp(world.clock.now() + 2 * hourMs),
      },
    ]);
    expect(await get("/api/fleet/summary")).toMatchObject({ snapshots: 3 });
    await world.db.updateTable("schedules").set({ enabled: 0 }).execute();
    expect(await rows()).toMatchObject([{ next_run_at: null }]);
  });

  test("beyond what an agent told before it went out of reach, the next run is worked out here [SCH-06]", async () => {
    const hostId = await addHost(1, "offline");
    await setUp(hostId, {
      nextFires: [-50 * hourMs, -26 * hourMs],
      snapshots: 0,
    });
    expect(await rows()).toMatchObject([
      { next_run_at: toTimestamp(world.clock.now() + 14 * hourMs) },
    ]);
    await world.db.updateTable("schedules").set({ next_fires: "[]" }).execute();
    expect(await rows()).toMatchObject([{ next_run_at: null }]);
  });

  test("a host without a source group is set up all the same: it has a repository", async () => {
    const hostId = await addHost(1);
    await setUp(hostId, { nextFires: [], snapshots: 0 });
    await world.db.deleteFrom("source_groups").execute();
    expect(await rows()).toMatchObject([{ set_up: true }]);
  });

  test("days and health are those of backups, whatever becomes of upkeep", async () => {
    const hostId = await addHost(1);
    await addJob(hostId, "succeeded", 2 * hourMs);
    await addJob(hostId, "failed", hourMs, { kind: "check" });
    const [row] = await rows();
    expect([row?.health, row?.days.at(-1)]).toEqual(["healthy", "ok"]);
  });

  test("pages by name, each host once", async () => {
    for (const number of [3, 1, 2, 5, 4]) await addHost(number);
    const seen: string[] = [];
    let cursor = "";
    do {
      const page = hostList.parse(
        await get(`/api/hosts?limit=2${cursor && `&cursor=${cursor}`}`),
      );
      seen.push(...page.hosts.map((host) => host.name));
      cursor = page.next_cursor ?? "";
    } while (cursor !== "");
    expect(seen).toEqual([1, 2, 3, 4, 5].map((n) => `host-00${n}`));
  });

  test("200 hosts cost as many statements as one [API-02]", async () => {
    let statements = 0;
    const db = world.db.withPlugin({
      transformQuery({ node }) {
        statements += 1;
        return node;
      },
      transformResult: async ({ result }) => result,
    });
    const fleet = createFleet({ db, clock: world.clock, nextRun });
    const firstId = await addHost(1);
    await addJob(firstId, "succeeded", hourMs);
    await fleet.page({ limit: 200 });
    await fleet.summary();
    const forOne = statements;
    for (let number = 2; number <= 200; number++) {
      const hostId = await addHost(number);
      await addJob(hostId, "succeeded", hourMs);
      await addJob(hostId, "failed", 2 * hourMs);
    }
    statements = 0;
    const page = await fleet.page({ limit: 200 });
    await fleet.summary();
    expect(page.hosts).toHaveLength(200);
    expect(statements).toBe(forOne);
    expect(statements).toBeLessThanOrEqual(10);
  });

  test("a host that does not exist is named so", async () => {
    expect(await get("/api/hosts/h0000000000000009")).toMatchObject({
      code: "host_not_found",
    });
  });
});

describe("the summary", () => {
  test("counts hosts by health and the backups of the last 24 hours by hour", async () => {
    const [healthy, failed, offline] = [
      await addHost(1),
      await addHost(2),
      await addHost(3, "offline"),
    ];
    await addJob(healthy, "succeeded", hourMs / 2);
    await addJob(healthy, "succeeded", hourMs / 4);
    await addJob(healthy, "succeeded_with_issues", 3.5 * hourMs);
    await addJob(failed, "lost", 23.5 * hourMs);
    await addJob(failed, "cancelled", hourMs);
    await addJob(offline, "succeeded", 25 * hourMs);
    const summary = fleetSummary.parse(await get("/api/fleet/summary"));
    expect(summary).toMatchObject({
      total: 3,
      online: 2,
      hosts: { healthy: 1, failed: 1, offline: 1, running: 0, no_backup: 0 },
      jobs_24h: { ok: 2, issues: 1, failed: 1 },
      backed_up_24h: 1,
      snapshots: 0,
    });
    expect(summary.jobs_by_hour[23]).toEqual({ ok: 2, issues: 0, failed: 0 });
    expect(summary.jobs_by_hour[20]).toEqual({ ok: 0, issues: 1, failed: 0 });
    expect(summary.jobs_by_hour[0]).toEqual({ ok: 0, issues: 0, failed: 1 });
  });

  test("an empty fleet is all zeros", async () => {
    const summary = fleetSummary.parse(await get("/api/fleet/summary"));
    expect(summary).toMatchObject({ total: 0, online: 0, backed_up_24h: 0 });
  });
});
