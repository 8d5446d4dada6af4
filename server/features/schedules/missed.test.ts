import { beforeEach, expect, test } from "bun:test";
import type { ScheduleMissed } from "@restic-manager/shared/protocol/event.ts";
import { createTestBackups } from "../../testing/test-backups.ts";
import type { TestBackups } from "../../testing/test-backups.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";
import { createMissed } from "./missed.ts";

let server: TestBackups;
let host: TestEndpoint;
let scheduleId: string;
let groupId: string;

beforeEach(async () => {
  server = await createTestBackups();
  host = await server.addHost(1, "nas");
  const saved = await server.setUp(host);
  scheduleId = saved.schedule_id;
  groupId = saved.group_id;
});

const day = (n: number) =>
  `2026-01-${String(n).padStart(2, "0")}T02:30:00.000Z`;
const jobId = "01JGG8V4N000000000000000J1";

function missed(over: Partial<ScheduleMissed> = {}): ScheduleMissed {
  return {
    schedule_id: scheduleId,
    source_group_id: null,
    reason: "asleep",
    first_due_at: day(1),
    last_due_at: day(3),
    count: 3,
    caught_up_by: [jobId],
    attempts: 0,
    ...over,
  };
}

const abandoned = (over: Partial<ScheduleMissed> = {}) =>
  missed({
    source_group_id: groupId,
    reason: "abandoned",
    last_due_at: day(1),
    count: 1,
    caught_up_by: [],
    attempts: 3,
    ...over,
  });

async function shown() {
  const path = `/api/hosts/${host.hostId}/schedules`;
  return (await server.call("GET", path)).body.schedules[0].missed;
}

const audited = () =>
  server.db
    .selectFrom("audit_log")
    .selectAll()
    .where("action", "=", "schedule.abandoned")
    .execute();

test("fires that brought no backup stand beside their schedule, newest first [SCH-07]", async () => {
  await host.report("sched.missed", missed());
  const busy = missed({
    source_group_id: groupId,
    reason: "busy",
    first_due_at: day(5),
    last_due_at: day(5),
    count: 1,
    caught_up_by: [],
  });
  await host.report("sched.missed", busy);
  const shape = ({ schedule_id, ...rest }: ScheduleMissed) => {
    expect(schedule_id).toBe(scheduleId);
    return rest;
  };
  expect(await shown()).toEqual([shape(busy), shape(missed())]);
  expect(server.heard).toContainEqual({
    type: "host.configured",
    hostId: host.hostId,
  });
  expect(await audited()).toEqual([]);
});

test("a fire that was given up after every attempt is in the audit trail, by the host [SCH-05]", async () => {
  await host.report("sched.missed", abandoned());
  const [row, ...more] = await audited();
  expect(more).toEqual([]);
  expect(row).toMatchObject({
    actor_kind: "agent",
    actor_id: host.hostId,
    actor_name: "nas",
    target_kind: "schedule",
    target_id: scheduleId,
  });
  expect(JSON.parse(row?.payload ?? "")).toMatchObject({
    host_id: host.hostId,
    group: "default",
    due_at: day(1),
    attempts: 3,
  });
  expect(await shown()).toMatchObject([{ reason: "abandoned", attempts: 3 }]);
});

test("what is older than thirty days is no longer shown", async () => {
  await host.report(
    "sched.missed",
    missed({ last_due_at: "2025-12-01T02:30:00.000Z" }),
  );
  await host.report(
    "sched.missed",
    missed({ last_due_at: "2025-12-03T02:30:00.000Z" }),
  );
  expect(await shown()).toHaveLength(1);
});

test("the newest twenty of a schedule are shown, and the newest two hundred kept", async () => {
  for (let n = 0; n < 210; n++) {
    const due = new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString();
    await host.make(
      "sched.missed",
      missed({ first_due_at: due, last_due_at: due, count: 1 }),
    )();
  }
  await host.report("sched.missed", missed({ last_due_at: day(9) }));
  const rows = await shown();
  expect(rows).toHaveLength(20);
  expect(rows[0].last_due_at).toBe(day(9));
  const kept = await server.db
    .selectFrom("missed_fires")
    .select("id")
    .execute();
  expect(kept).toHaveLength(200);
});

test("reports about another host's schedule, or one that is gone, are left aside", async () => {
  const other = await server.addHost(2, "laptop");
  await other.report("sched.missed", abandoned());
  expect([await shown(), await audited()]).toEqual([[], []]);

  await server.call("DELETE", `/api/schedules/${scheduleId}`);
  await host.report("sched.missed", abandoned());
  expect(await audited()).toEqual([]);
});

test("a group that was deleted meanwhile is left out of the report", async () => {
  await host.report(
    "sched.missed",
    abandoned({ source_group_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV" }),
  );
  expect(await shown()).toMatchObject([
    { reason: "abandoned", source_group_id: null },
  ]);
});

test("they go with their schedule, their group and their host", async () => {
  await host.report("sched.missed", missed());
  await host.report("sched.missed", abandoned());
  await server.db.deleteFrom("hosts").execute();
  expect(
    await server.db.selectFrom("missed_fires").selectAll().execute(),
  ).toEqual([]);
});

test("a host that was taken over cannot fill the store with them", async () => {
  const rate = { burst: 3, perSecond: 0.1 };
  const handle = createMissed({ ...server, rate });
  const { hostId } = host;
  const event = { hostId, epoch: "", seq: 0, t: day(1), payload: abandoned() };
  await server.tx.run(async (trx) => {
    for (let n = 0; n < 5; n++) await handle(trx, event);
  });
  expect(await audited()).toHaveLength(3);
  expect(server.logLines.join("")).toContain("more missed schedules");
});
