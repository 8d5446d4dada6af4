import { afterEach, beforeEach, expect, test } from "bun:test";
import { until } from "../../adapters/bus-contract.ts";
import {
  createTestAlerts,
  failing,
  incomplete,
} from "../../testing/test-alerts.ts";
import type { TestAlerts } from "../../testing/test-alerts.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";
import { createTestReceiver } from "../../testing/test-receiver.ts";
import type { Receiver } from "../../testing/test-receiver.ts";

let server: TestAlerts;
let receiver: Receiver;
let host: TestEndpoint;
let group: { group_id: string; repository: { id: string } };
let stop: () => void;

beforeEach(async () => {
  server = await createTestAlerts();
  host = await server.addHost(1, "nas");
  group = await server.setUp(host);
  receiver = createTestReceiver();
  stop = server.start();
});
afterEach(() => {
  stop();
  receiver.stop();
});

const channel = (over: object = {}) => ({
  kind: "webhook",
  name: "pager",
  enabled: true,
  severities: ["warning", "critical"],
  url: receiver.url,
  auth: "none",
  ...over,
});
const fail = async () => {
  await server.backup(host, group, failing("No space left."));
  await server.pass(500);
};
const succeed = async () => {
  await server.backup(host, group);
  await server.pass(500);
};
const count = (length: number) =>
  until(async () => {
    await server.pass(500);
    return receiver.heard.length >= length;
  });
const events = () => receiver.bodies().map(({ event }) => event);
const waiting = async () =>
  (await server.call("GET", "/api/channels")).body.channels[0].waiting;
const tries = () =>
  server.logLines.filter((line) => line.includes("was not delivered")).length;
/** Nothing is waiting any more. */
const drained = () =>
  until(async () => {
    await server.pass(500);
    return (await waiting()) === 0;
  });

test("what happens to an alert is told, by whom, once each and in order [NTF-01] [ALR-05]", async () => {
  await server.addChannel(channel());
  await fail();
  await fail();
  const [{ id } = { id: "" }] = await server.list();
  await server.call("POST", `/api/alerts/${id}/acknowledge`);
  await succeed();
  await fail();
  const [again] = await server.list();
  await server.call("POST", `/api/alerts/${again?.id}/resolve`);
  await drained();

  expect(events()).toEqual([
    "alert.raised",
    "alert.acknowledged",
    "alert.resolved",
    "alert.raised",
    "alert.resolved",
  ]);
  const [raised, acknowledged, resolved, , byHand] = receiver.bodies();
  expect(raised).toEqual({
    version: 1,
    id: receiver.heard[0]?.headers.get("Idempotency-Key"),
    event: "alert.raised",
    at: "2026-01-01T00:00:00.250Z",
    by: null,
    alert: {
      id,
      kind: "backup_failed",
      severity: "warning",
      title: "Backup failed",
      message: "The backup of “default” on nas failed: No space left.",
      host: { id: host.hostId, name: "nas" },
      repository: null,
      job_id: expect.any(String),
      raised_at: "2026-01-01T00:00:00.250Z",
    },
    link: "https://backup.example.org/alerts",
  });
  expect(acknowledged.by).toContain("admin");
  expect(resolved.by).toBeNull();
  expect(byHand.by).toContain("admin");
  const keys = receiver.bodies().map((body) => body.id);
  expect(new Set(keys).size).toBe(5);
});

test("night after night without a disk is told once, and once that it is back [NTF-01] [ALR-04] [ALR-05]", async () => {
  await server.addChannel(channel());
  for (let night = 0; night < 3; night++) {
    const gone = "Not found on this host: /mnt/photos.";
    await server.backup(host, group, incomplete(gone));
    await server.pass(500);
  }
  const [{ id } = { id: "" }] = await server.list();
  await server.call("POST", `/api/alerts/${id}/acknowledge`);
  await succeed();
  await drained();
  expect(receiver.bodies()).toMatchObject([
    {
      event: "alert.raised",
      alert: {
        kind: "backup_incomplete",
        severity: "warning",
        title: "Backup incomplete",
        message:
          "The backup of “default” on nas is incomplete: Not found on this host: /mnt/photos.",
        host: { id: host.hostId, name: "nas" },
        job_id: expect.any(String),
      },
    },
    { event: "alert.acknowledged", alert: { id } },
    { event: "alert.resolved", alert: { kind: "backup_incomplete" } },
  ]);
});

test("ntfy's title says what happened and how severe it is [NTF-02]", async () => {
  await server.addChannel(channel({ kind: "ntfy", topic: "t" }));
  await fail();
  await succeed();
  await server.db
    .updateTable("hosts")
    .set({
      name: "büro",
      identity_conflict: JSON.stringify({
        since: "2026-01-01T00:00:00.000Z",
        instances: [],
      }),
    })
    .execute();
  await server.pass(61_000);
  await count(3);
  const header = (name: string) =>
    receiver.heard.map(({ headers }) => headers.get(name));
  const encoded = Buffer.from("Critical: Identity copied (büro)");
  expect(header("Title")).toEqual([
    "Warning: Backup failed (nas)",
    "Resolved: Warning: Backup failed (nas)",
    `=?UTF-8?B?${encoded.toString("base64")}?=`,
  ]);
  expect(header("Priority")).toEqual(["4", "3", "5"]);
  expect(header("Click")[0]).toBe("https://backup.example.org/alerts");
  expect(receiver.heard[0]?.text).toContain("No space left.");
});

test("a receiver that is away gets each message once when it is back, in order [NTF-05]", async () => {
  const { port } = receiver;
  await server.addChannel(channel());
  receiver.stop();
  await fail();
  await succeed();
  await until(async () => {
    await server.pass(2_000);
    return tries() >= 4;
  });
  // Two minutes in all: left alone, then tried now and then.
  await server.pass(60_000);
  expect(await waiting()).toBe(2);
  receiver = createTestReceiver(port);
  await until(async () => {
    await server.pass(5_000);
    return (await waiting()) === 0;
  });
  expect(events()).toEqual(["alert.raised", "alert.resolved"]);
});

test("what waits for its next try is not overtaken by what came after it [NTF-05]", async () => {
  receiver.answer(() => new Response("", { status: 503 }));
  await server.addChannel(channel());
  await server.backup(host, group, failing());
  await server.pass(250);
  await until(() => tries() === 1);
  receiver.answer(() => new Response("ok"));
  await server.backup(host, group);
  await server.pass(250);
  await drained();
  expect(events()).toEqual(["alert.raised", "alert.raised", "alert.resolved"]);
});

test("after four failures in a row a receiver has half a minute of peace [NTF-05]", async () => {
  receiver.answer(() => new Response("", { status: 503 }));
  await server.addChannel(channel());
  await fail();
  await until(async () => {
    await server.pass(1_000);
    return receiver.heard.length === 4;
  });
  for (let i = 0; i < 25; i++) await server.pass(1_000);
  expect(receiver.heard.length).toBe(4);
  await until(async () => {
    await server.pass(1_000);
    return receiver.heard.length === 5;
  });
});

test("a server that ends between sending and noting sends again, under the same key [NTF-05]", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  receiver.answer(async () => {
    await held;
    return new Response("late");
  });
  await server.addChannel(channel());
  await fail();
  await until(() => receiver.heard.length === 1);
  stop();
  receiver.answer(() => new Response("ok"));
  release();
  await server.pass(0);
  stop = server.start();
  await drained();
  const keys = receiver.bodies().map(({ id }) => id);
  expect(keys).toEqual([keys[0], keys[0]]);
});

test("a channel that works again sends at once what waits, though its old address answers late [NTF-04] [NTF-05]", async () => {
  const late = Promise.withResolvers<Response>();
  receiver.answer(() =>
    receiver.heard.length < 4
      ? new Response("", { status: 401 })
      : late.promise,
  );
  const { id } = await server.addChannel(channel());
  await fail();
  await until(async () => {
    await server.pass(1_000);
    return receiver.heard.length === 4;
  });
  receiver.answer(() => new Response("ok"));
  await server.call("PUT", `/api/channels/${id}`, channel());
  late.resolve(new Response("", { status: 401 }));
  await until(async () => (await waiting()) === 0);
  expect(receiver.heard.length).toBe(5);
});

test("one receiver that hangs does not hold up another [NTF-05]", async () => {
  const other = createTestReceiver();
  receiver.answer(() => new Promise<Response>(() => {}));
  await server.addChannel(channel());
  await server.addChannel(channel({ name: "other", url: other.url }));
  await fail();
  await until(() => other.heard.length === 1);
  other.stop();
});

test("a message that nobody took for a day is given up [NTF-05]", async () => {
  await server.addChannel(channel());
  receiver.stop();
  await fail();
  server.clock.set(server.clock.now() + 24 * 60 * 60_000);
  await drained();
  const rows = await server.db.selectFrom("notifications").select("state");
  expect(await rows.execute()).toEqual([{ state: "given_up" }]);
});
