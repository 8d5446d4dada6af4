import { beforeEach, expect, test } from "bun:test";
import { agentUrls, createTestBackups } from "../../testing/test-backups.ts";
import type { TestBackups } from "../../testing/test-backups.ts";
import { settle } from "../../testing/test-endpoint.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";

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

const patch = (body: object) =>
  server.call("PATCH", `/api/schedules/${scheduleId}`, body);

async function shown() {
  const path = `/api/hosts/${host.hostId}/schedules`;
  return (await server.call("GET", path)).body.schedules[0];
}

const applied = (rev: number, next: string[], error: string | null = null) => ({
  rev,
  tz: "Etc/UTC",
  schedules: [{ id: scheduleId, next, error }],
});

test("a schedule can be moved and switched off, and its agent gets it [SCH-01] [SCH-02]", async () => {
  const answer = await patch({ cron: "15 3 * * MON", enabled: false });
  await settle();

  expect(answer.body).toMatchObject({
    id: scheduleId,
    cron: "15 3 * * MON",
    enabled: false,
    applied: false,
  });
  expect(await shown()).toEqual(answer.body);
  expect(host.received.at(-1)).toMatchObject({
    verb: "cfg.changed",
    p: { rev: 2 },
  });
  const config = (await host.ask("cfg.get", { have: 1 })) as { box: string };
  expect(host.open("config", 2, config.box).schedules).toEqual([
    {
      id: scheduleId,
      cron: "15 3 * * MON",
      enabled: false,
      group_ids: [groupId],
    },
  ]);
  expect(await server.actions()).toContain("schedule.update");
});

test("29 February is a date", async () => {
  expect((await patch({ cron: "0 0 29 2 *" })).status).toBe(200);
});

test("a change that changes nothing leaves no trace", async () => {
  const before = await server.actions();
  await patch({ enabled: true });
  expect(await server.actions()).toEqual(before);
});

test("an unknown schedule or host is not found", async () => {
  const path = "/api/schedules/01ARZ3NDEKTSV4RRFFQ69G5FAV";
  const schedule = await server.call("PATCH", path, { enabled: false });
  expect(schedule.body.code).toBe("schedule_not_found");
  const unknown = await server.call(
    "GET",
    "/api/hosts/h000000000009/schedules",
  );
  expect(unknown.body.code).toBe("host_not_found");
});

test("the next runs are those the agent computed, as long as they are ahead [SCH-06]", async () => {
  const fires = ["2026-01-01T02:30:00.000Z", "2026-01-02T02:30:00.000Z"];
  await host.report("cfg.applied", applied(1, fires));
  expect(await shown()).toMatchObject({ next: fires, applied: true });
  expect(server.heard).toContainEqual({
    type: "host.configured",
    hostId: host.hostId,
  });

  await server.clock.advance(3 * 3_600_000);
  expect((await shown()).next).toEqual(fires.slice(1));
});

test("beyond what an agent told before it went out of reach, its fires are worked out here [SCH-06]", async () => {
  await patch({ cron: "30 2 * * *" });
  await host.report("cfg.applied", applied(2, ["2026-01-01T02:30:00.000Z"]));
  host.disconnect();
  await server.clock.advance(5 * 3_600_000);
  expect((await shown()).next).toEqual(
    [2, 3, 4, 5, 6].map((day) => `2026-01-0${day}T02:30:00.000Z`),
  );
});

test("what an agent cannot run stands beside its schedule", async () => {
  const reason = "The time zone is not known here.";
  await host.report("cfg.applied", applied(1, [], reason));
  expect(await shown()).toMatchObject({ problem: reason, next: [] });
  await patch({ cron: "0 5 * * *" });
  expect((await shown()).problem).toBeNull();
});

test("a report about an older configuration does not undo a newer one", async () => {
  await patch({ cron: "0 5 * * *" });
  const older = host.make(
    "cfg.applied",
    applied(1, ["2026-01-02T02:30:00.000Z"]),
  );
  await host.report("cfg.applied", applied(2, ["2026-01-02T05:00:00.000Z"]));
  await older();
  await settle();
  expect(await shown()).toMatchObject({
    next: ["2026-01-02T05:00:00.000Z"],
    applied: true,
  });
});

test("the times of another host's schedule are left alone", async () => {
  const other = await server.addHost(2, "laptop");
  await other.report("cfg.applied", applied(1, ["2026-01-02T02:30:00.000Z"]));
  expect((await shown()).next).toEqual([]);
});

test("while its agent is away a change is kept, and fetched when it is back [SCH-02]", async () => {
  host.disconnect();
  expect((await patch({ enabled: false })).body.applied).toBe(false);
  host.connect();
  server.events.emit({ type: "host.outdated", hostId: host.hostId });
  await settle();
  expect(host.received.at(-1)?.p).toEqual({ rev: 2 });
});

test("a host that is not set up has no configuration to fetch", async () => {
  const fresh = await server.addHost(2, "fresh");
  expect(await fresh.ask("cfg.get", { have: 0 })).toBeNull();
});

test("the configuration is sealed to the asking host and its revision [TRN-08]", async () => {
  const other = await server.addHost(2, "laptop");
  const asked = { have: 0 };
  const answer = (await host.ask("cfg.get", asked)) as {
    host: string;
    rev: number;
    box: string;
  };
  expect(answer).toMatchObject({ host: host.hostId, rev: 1 });
  expect(JSON.stringify(answer)).not.toContain("correct horse");
  expect(host.open("config", 2, answer.box)).toBeNull();
  expect(other.open("config", 1, answer.box)).toBeNull();
  expect(host.open("config", 1, answer.box)).toMatchObject({
    host: host.hostId,
    rev: 1,
  });
});

test("agents learn the server's further addresses, once, when it starts with new ones [TRN-12]", async () => {
  const fetched = async (rev: number) => {
    const answer = (await host.ask("cfg.get", { have: 0 })) as { box: string };
    return host.open("config", rev, answer.box);
  };
  const fresh = await server.addHost(2, "fresh");
  for (let start = 0; start < 2; start++) {
    server.startSchedules();
    await settle();
    expect(await fetched(2)).toMatchObject({ rev: 2, addresses: agentUrls });
  }
  expect(await fresh.ask("cfg.get", { have: 0 })).toBeNull();
});
