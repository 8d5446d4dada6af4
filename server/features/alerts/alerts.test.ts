import { beforeEach, expect, test } from "bun:test";
import {
  createTestAlerts,
  failing,
  incomplete,
} from "../../testing/test-alerts.ts";
import type { TestAlerts } from "../../testing/test-alerts.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";

let server: TestAlerts;
let host: TestEndpoint;
let group: {
  group_id: string;
  schedule_id: string;
  repository: { id: string };
};
let stop: () => void;

const day = 24 * 60 * 60_000;

beforeEach(async () => {
  server = await createTestAlerts();
  host = await server.addHost(1, "nas");
  group = await server.setUp(host);
  stop = server.start();
  await server.pass(5 * 60_000);
});

const open = async () =>
  (await server.list("state=unresolved")).map(({ kind, message }) => [
    kind,
    message,
  ]);
const kinds = async () => (await open()).map(([kind]) => kind);

/** A second source group of the host. */
async function addGroup(name: string) {
  const { db, random } = server;
  const row = await db
    .selectFrom("source_groups")
    .selectAll()
    .where("id", "=", group.group_id)
    .executeTakeFirstOrThrow();
  const id = random.id();
  await db
    .insertInto("source_groups")
    .values({ ...row, id, name })
    .execute();
  return { ...group, group_id: id };
}

/** The host is heard of, or silent, as `presence` would note it. */
async function seen(status: "online" | "offline"): Promise<void> {
  const { db, clock } = server;
  const last_seen_at = new Date(clock.now()).toISOString();
  await db
    .updateTable("hosts")
    .set(status === "online" ? { status, last_seen_at } : { status })
    .execute();
}

test("each failing group has its alert, and the one that works again loses it [ALR-01]", async () => {
  const photos = await addGroup("photos");
  const failed = await server.backup(host, group, failing("No space left."));
  await server.backup(host, photos, failing());
  await server.pass(1000);
  expect(await open()).toEqual([
    ["backup_failed", "The backup of “photos” on nas failed: It did not work."],
    ["backup_failed", "The backup of “default” on nas failed: No space left."],
  ]);
  expect((await server.list())[1]).toMatchObject({
    state: "open",
    severity: "warning",
    host_id: host.hostId,
    host_name: "nas",
    job_id: failed,
  });

  await server.backup(host, photos);
  await server.pass(1000);
  expect((await open()).length).toBe(1);
  const [over] = await server.list("state=resolved");
  expect(over).toMatchObject({ state: "resolved", resolved_by: null });
});

test("a backup that leaves something out is told until one of its group leaves out nothing [ALR-01]", async () => {
  const photos = await addGroup("photos");
  const gone =
    "Not found on this host: /mnt/photos. Everything else was saved.";
  await server.backup(host, group, failing());
  await server.backup(host, group, incomplete("One file."));
  const id = await server.backup(host, photos, incomplete(gone));
  await server.pass(1000);
  const saidOf = (name: string, what: string) => [
    "backup_incomplete",
    `The backup of “${name}” on nas is incomplete: ${what}`,
  ];
  const [ofPhotos, ofDefault] = [
    saidOf("photos", gone),
    saidOf("default", "One file."),
  ];
  expect(await open()).toEqual([ofPhotos, ofDefault]);
  expect(await server.list(`host_id=${host.hostId}`)).toMatchObject([
    { severity: "warning", state: "open", host_name: "nas", job_id: id },
    {},
  ]);

  // Neither saves what is missing.
  await server.backup(host, photos, failing());
  await server.backup(host, group, { outcome: "cancelled" });
  await server.pass(1000);
  expect(await open()).toContainEqual(ofPhotos);
  expect(await open()).toContainEqual(ofDefault);
  await server.backup(host, photos);
  await server.pass(1000);
  expect(await open()).toEqual([ofDefault]);
});

test("a backup that a person cancelled raises nothing and ends nothing [ALR-01]", async () => {
  await server.backup(host, group, { outcome: "cancelled" });
  await server.pass(1000);
  expect(await kinds()).toEqual([]);
  await server.backup(host, group, failing());
  await server.backup(host, group, { outcome: "cancelled" });
  await server.pass(1000);
  expect(await kinds()).toEqual(["backup_failed"]);
});

test("a hundred failures are one alert, told once, seen last at the last [ALR-04]", async () => {
  const seenAt: string[] = [];
  for (let i = 0; i < 100; i++) {
    await server.backup(host, group, failing(`Failure ${i}.`));
    await server.pass(1000);
    seenAt.push((await server.list())[0]?.last_seen_at ?? "");
  }
  const all = await server.list("limit=200");
  expect(all.length).toBe(1);
  expect(all[0]?.message).toContain("Failure 99.");
  expect(new Set(seenAt).size).toBe(100);
  expect(seenAt.toSorted()).toEqual(seenAt);
  // Time alone is no repeat.
  await server.pass(5 * 60_000);
  expect((await server.list())[0]?.last_seen_at).toBe(seenAt.at(-1) ?? "");
});

test("what happened while nothing listened is found at the next start [ALR-01]", async () => {
  stop();
  await server.backup(host, group, failing());
  await server.pass(10 * 60_000);
  expect(await kinds()).toEqual([]);
  server.start();
  await server.pass(1000);
  expect(await kinds()).toEqual(["backup_failed"]);
});

test("an event that got lost is made up for within a minute [ALR-01]", async () => {
  const { db, random } = server;
  const at = new Date(server.clock.now()).toISOString();
  await db
    .insertInto("jobs")
    .values({
      id: random.id(),
      host_id: host.hostId,
      kind: "backup",
      status: "lost",
      actor_kind: "schedule",
      source_group_id: group.group_id,
      queued_at: at,
      finished_at: at,
      error: "The agent forgot it.",
    })
    .execute();
  await server.pass(60_500);
  expect(await open()).toEqual([
    [
      "backup_failed",
      "The backup of “default” on nas was lost: The agent forgot it.",
    ],
  ]);
});

test("a backup that was given up is told, and no more when its host says that it succeeded [ALR-01] [AGT-13]", async () => {
  const id = await server.backup(host, group, failing());
  await server.db
    .updateTable("jobs")
    .set({ status: "lost", error_code: "host_silent", error: "Silent." })
    .execute();
  await server.pass(1000);
  expect((await open()).flat()).toEqual([
    "backup_failed",
    "The backup of “default” on nas was lost: Silent.",
  ]);
  await server.backup(host, group, { job_id: id });
  await server.pass(1000);
  expect(await kinds()).toEqual([]);
});

test("a host is missed after 15 minutes, and no more when it is back [ALR-02]", async () => {
  await seen("online");
  await seen("offline");
  await server.pass(14 * 60_000);
  expect(await kinds()).toEqual([]);
  await server.pass(3 * 60_000);
  expect(await kinds()).toEqual(["agent_offline"]);
  await seen("online");
  server.events.emit({ type: "host.changed", hostId: host.hostId });
  await server.pass(1000);
  expect(await kinds()).toEqual([]);
});

test("a host that may be away is not missed [ALR-02]", async () => {
  await server.db.updateTable("hosts").set({ always_on: 0 }).execute();
  await seen("offline");
  await server.pass(day);
  expect(await kinds()).toEqual([]);
});

test("after a start hosts get the time to come back, and open alerts stay [ALR-02]", async () => {
  await seen("online");
  await seen("offline");
  stop();
  await server.pass(day / 2);
  const end = server.start();
  await server.pass(61_000);
  expect(await kinds()).toEqual([]);
  await server.pass(60_000);
  expect(await kinds()).toEqual(["agent_offline"]);
  end();
  server.start();
  await server.pass(1000);
  expect(await kinds()).toEqual(["agent_offline"]);
});

test("a schedule without a success for one and a half intervals is overdue until the next [ALR-03]", async () => {
  await seen("online");
  await server.backup(host, group);
  await server.pass(1.4 * day);
  await seen("online");
  expect(await kinds()).toEqual([]);
  await server.pass(0.2 * day);
  expect(await kinds()).toEqual(["stale_schedule"]);
  await server.backup(host, group);
  await server.pass(1000);
  expect(await kinds()).toEqual([]);
});

test("a schedule that is off is never overdue, and a backup that runs is not missing [ALR-03]", async () => {
  await seen("online");
  await server.pass(3 * day);
  await seen("online");
  expect(await kinds()).toEqual(["stale_schedule"]);
  await host.report("job.started", {
    job_id: server.random.id(),
    kind: "backup",
    actor: "schedule",
    schedule_id: group.schedule_id,
    source_group_id: group.group_id,
    repository_id: group.repository.id,
    started_at: new Date(server.clock.now()).toISOString(),
    command: "restic backup",
  });
  await server.pass(1000);
  expect(await kinds()).toEqual([]);
  await server.db.updateTable("jobs").set({ status: "cancelled" }).execute();
  await server.db.updateTable("schedules").set({ enabled: 0 }).execute();
  await server.pass(61_000);
  expect(await kinds()).toEqual([]);
});

test("a repository that cannot be used, and one that can again [ALR-08]", async () => {
  const unreachable = failing("No answer.", "repository_unreachable");
  await server.backup(host, group, unreachable);
  await server.pass(1000);
  expect(await open()).toContainEqual([
    "repo_unreachable",
    "The repository “backup” cannot be used: No answer.",
  ]);
  // The page of a host shows its repository's alerts, too.
  const ofHost = await server.list(`host_id=${host.hostId}`);
  expect(ofHost.map(({ kind }) => kind).toSorted()).toEqual([
    "backup_failed",
    "repo_unreachable",
  ]);
  await server.backup(host, group);
  await server.pass(1000);
  expect(await kinds()).toEqual([]);
});

test("a copied identity is critical, and over when one is left [ALR-08]", async () => {
  const set = (identity_conflict: string | null) =>
    server.db.updateTable("hosts").set({ identity_conflict }).execute();
  await set(
    JSON.stringify({ since: "2026-01-01T00:00:00.000Z", instances: [] }),
  );
  await server.pass(61_000);
  expect(await server.list("severity=critical")).toMatchObject([
    { kind: "identity_conflict", host_name: "nas" },
  ]);
  await set(null);
  await server.pass(61_000);
  expect(await kinds()).toEqual([]);
});

test("acknowledged it stays, resolved it is closed until it happens anew [ALR-05]", async () => {
  await server.backup(host, group, failing());
  await server.pass(1000);
  const [{ id } = { id: "" }] = await server.list();
  const act = (verb: string) =>
    server.call("POST", `/api/alerts/${id}/${verb}`);

  expect((await act("acknowledge")).body).toMatchObject({
    state: "acknowledged",
    acknowledged_by: expect.stringContaining("admin"),
  });
  expect((await act("acknowledge")).status).toBe(200);
  expect((await server.call("GET", "/api/alerts/counts")).body).toEqual({
    open: 0,
    acknowledged: 1,
    critical: 0,
    last_resolved_at: null,
  });
  expect((await act("resolve")).body).toMatchObject({
    state: "resolved",
    resolved_by: expect.stringContaining("admin"),
  });
  expect((await act("resolve")).body.code).toBe("alert_resolved");
  expect((await act("acknowledge")).body.code).toBe("alert_resolved");

  await server.pass(5 * 60_000);
  expect(await kinds()).toEqual([]);
  await server.backup(host, group, failing());
  await server.pass(1000);
  expect((await server.list()).map(({ state }) => state)).toEqual([
    "open",
    "resolved",
  ]);
  expect(
    (await server.actions()).filter((action) => action.startsWith("alert.")),
  ).toEqual(["alert.acknowledge", "alert.resolve"]);
});

test("a viewer sees alerts and may do nothing with them [ALR-05]", async () => {
  await server.backup(host, group, failing());
  await server.pass(1000);
  const [{ id } = { id: "" }] = await server.list();
  const viewer = await server.api.as("viewer");
  const operator = await server.api.as("operator");
  const act = (who: typeof viewer) =>
    server.call("POST", `/api/alerts/${id}/acknowledge`, {}, who);
  expect((await server.call("GET", "/api/alerts", {}, viewer)).status).toBe(
    200,
  );
  expect((await act(viewer)).body.code).toBe("forbidden");
  expect((await act(operator)).status).toBe(200);
  const missing = "/api/alerts/01ARZ3NDEKTSV4RRFFQ69G5FAV/resolve";
  expect((await server.call("POST", missing)).body.code).toBe(
    "alert_not_found",
  );
});

test("lists are filtered and paged [ALR-05]", async () => {
  for (const name of ["a", "b", "c", "d"])
    await server.backup(host, await addGroup(name), failing());
  await server.pass(1000);
  const first = (await server.call("GET", "/api/alerts?limit=3")).body;
  expect(first.alerts.length).toBe(3);
  const next = `/api/alerts?limit=3&cursor=${first.next_cursor}`;
  const second = (await server.call("GET", next)).body;
  expect(second).toMatchObject({ alerts: [{}], next_cursor: null });
  expect((await server.list("kind=agent_offline")).length).toBe(0);
  expect((await server.list("kind=backup_failed")).length).toBe(4);
  expect((await server.list("host_id=h00000000000000000000")).length).toBe(0);
  const [{ id } = { id: "" }] = await server.list();
  await server.call("POST", `/api/alerts/${id}/acknowledge`);
  expect((await server.list("state=acknowledged")).length).toBe(1);
  expect((await server.list("state=open")).length).toBe(3);
  expect((await server.list("state=unresolved")).length).toBe(4);
});

test("a removed host takes its alerts with it [ALR-01]", async () => {
  await server.backup(host, group, failing());
  await server.pass(1000);
  await server.db.deleteFrom("hosts").execute();
  server.events.emit({ type: "host.removed", hostId: host.hostId });
  await server.pass(61_000);
  expect(await server.list()).toEqual([]);
});
