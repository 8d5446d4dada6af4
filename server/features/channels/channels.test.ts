import { afterEach, beforeEach, expect, test } from "bun:test";
import { createTestAlerts, failing } from "../../testing/test-alerts.ts";
import type { TestAlerts } from "../../testing/test-alerts.ts";
import { createTestReceiver } from "../../testing/test-receiver.ts";
import type { Receiver } from "../../testing/test-receiver.ts";

let server: TestAlerts;
let receiver: Receiver;

const secret = "tk_thisMustNeverBeSeen";

beforeEach(async () => {
  server = await createTestAlerts();
  receiver = createTestReceiver();
});
afterEach(() => receiver.stop());

const webhook = (over: object = {}) => ({
  kind: "webhook",
  name: "pager",
  enabled: true,
  severities: ["warning", "critical"],
  url: `${receiver.url}/hook`,
  auth: "token",
  secret,
  ...over,
});
const ntfy = (over: object = {}) => ({
  ...webhook({ name: "phone", url: `${receiver.url}/` }),
  kind: "ntfy",
  topic: "backups",
  ...over,
});

const test_ = async (id: string) =>
  (await server.call("POST", `/api/channels/${id}/test`)).body;
const fieldsOf = async (spec: object, path = "/api/channels", verb = "POST") =>
  Object.keys((await server.call(verb, path, spec)).body.fields ?? {});

test("a webhook's test is JSON over the real path, with its token [NTF-01] [NTF-04]", async () => {
  const { id } = await server.addChannel(webhook());
  expect(await test_(id)).toEqual({
    ok: true,
    message: "The receiver has taken the test message.",
  });
  const [
    { path, headers, text } = { path: "", headers: new Headers(), text: "" },
  ] = receiver.heard;
  expect(path).toBe("/hook");
  expect(headers.get("Authorization")).toBe(`Bearer ${secret}`);
  expect(headers.get("Content-Type")).toBe("application/json");
  const body = JSON.parse(text);
  expect(body).toEqual({
    version: 1,
    id: headers.get("Idempotency-Key"),
    event: "test",
    at: "2026-01-01T00:00:00.000Z",
    by: null,
    alert: null,
    link: "https://backup.example.org/alerts",
  });
});

test("ntfy gets plain text with a title, at its topic, with token or password [NTF-02]", async () => {
  const { id } = await server.addChannel(ntfy());
  await test_(id);
  const path = `/api/channels/${id}`;
  const basic = { auth: "basic", username: "ada", secret: "pässword" };
  await server.call("PUT", path, ntfy(basic));
  await test_(id);
  await server.call("PUT", path, ntfy({ auth: "none" }));
  await test_(id);

  expect(receiver.heard.map((heard) => heard.path)).toEqual([
    "/backups",
    "/backups",
    "/backups",
  ]);
  const header = (name: string) =>
    receiver.heard.map(({ headers }) => headers.get(name));
  expect(header("Authorization")).toEqual([
    `Bearer ${secret}`,
    `Basic ${Buffer.from("ada:pässword").toString("base64")}`,
    null,
  ]);
  expect(header("Content-Type")[0]).toBe("text/plain; charset=utf-8");
  expect(header("Title")[0]).toBe("restic-manager: test");
  expect(header("Priority")[0]).toBe("3");
  expect(receiver.heard[0]?.text).toContain("This is a test.");
});

test("a test that fails says why, and the list says so, too [NTF-04]", async () => {
  const { id } = await server.addChannel(webhook());
  const failures: [() => Response, string][] = [
    [() => new Response("", { status: 401 }), "refused the login (401)"],
    [() => new Response("", { status: 500 }), "answered 500"],
    [() => Response.redirect(`${receiver.url}/elsewhere`, 302), "not followed"],
  ];
  for (const [answer, words] of failures) {
    receiver.answer(answer);
    const result = await test_(id);
    expect(result).toMatchObject({ ok: false });
    expect(result.message).toContain(words);
  }
  expect(receiver.heard.map(({ path }) => path)).not.toContain("/elsewhere");
  receiver.stop();
  expect((await test_(id)).message).toBe(
    "Nothing listens at the receiver's address.",
  );
  const [channel] = (await server.call("GET", "/api/channels")).body.channels;
  expect(channel).toMatchObject({
    last_error: "Nothing listens at the receiver's address.",
    last_delivered_at: null,
  });
});

test("a secret is in no answer, no audit row and nowhere in the store in clear [NTF-08]", async () => {
  const { id } = await server.addChannel(ntfy());
  await server.call("PUT", `/api/channels/${id}`, ntfy({ secret: "" }));
  await test_(id);
  const answer = JSON.stringify(
    (await server.call("GET", "/api/channels")).body,
  );
  expect(answer).toContain('"secret_set":true');
  expect(answer).not.toContain(secret);
  const { db, logLines } = server;
  const rows = await db
    .selectFrom("notification_channels")
    .selectAll()
    .execute();
  const stored = rows.map((row) => Buffer.from(row.sealed).toString("latin1"));
  const audit = await db.selectFrom("audit_log").selectAll().execute();
  const said = JSON.stringify([stored, rows, audit, logLines]);
  expect(said).not.toContain(secret);
  // Blank kept it.
  expect(receiver.heard[0]?.headers.get("Authorization")).toBe(
    `Bearer ${secret}`,
  );
});

test("a stored secret is never sent to another server or as another login [NTF-08]", async () => {
  const { id } = await server.addChannel(webhook());
  const path = `/api/channels/${id}`;
  const keep = { secret: undefined };
  const elsewhere = webhook({ ...keep, url: "http://evil.example/hook" });
  expect(await fieldsOf(elsewhere, path, "PUT")).toEqual(["secret"]);
  const moved = webhook({ ...keep, url: `${receiver.url}/other` });
  expect(await fieldsOf(moved, path, "PUT")).toEqual([]);
});

test("what a channel cannot be is refused by its field [NTF-01] [NTF-02]", async () => {
  await server.addChannel(webhook());
  const refused: [object, string][] = [
    [webhook({ name: "PAGER" }), "name"],
    [webhook({ name: "b", url: "file:///etc/passwd" }), "url"],
    [webhook({ name: "b", url: "http://ada:pw@nas/" }), "url"],
    [webhook({ name: "b", severities: [] }), "severities"],
    [webhook({ name: "b", secret: "" }), "secret"],
    [webhook({ name: "b", secret: "a\nX-Evil: 1" }), "secret"],
    [ntfy({ topic: "a/b" }), "topic"],
    [ntfy({ auth: "basic" }), "username"],
    [ntfy({ url: "https://ntfy.sh/?a=b" }), "url"],
  ];
  for (const [spec, field] of refused)
    expect([spec, await fieldsOf(spec)]).toEqual([spec, [field]]);
  const [{ id }] = (await server.call("GET", "/api/channels")).body.channels;
  const other = await server.call("PUT", `/api/channels/${id}`, ntfy());
  expect(other.body.code).toBe("channel_kind_fixed");
});

test("only administrators see and change channels [NTF-08]", async () => {
  for (const role of ["viewer", "operator"] as const) {
    const who = await server.api.as(role);
    const answers = [
      await server.call("GET", "/api/channels", {}, who),
      await server.call("POST", "/api/channels", webhook(), who),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403]);
  }
});

test("a channel is told of its severities only, and of nothing when it is off or gone [NTF-01]", async () => {
  const host = await server.addHost(1, "nas");
  const group = await server.setUp(host);
  await server.addChannel(webhook({ name: "a", severities: ["critical"] }));
  await server.addChannel(webhook({ name: "b", enabled: false }));
  const { id } = await server.addChannel(webhook({ name: "c" }));
  const waiting = async () =>
    (await server.call("GET", "/api/channels")).body.channels.map(
      (channel: { name: string; waiting: number }) => [
        channel.name,
        channel.waiting,
      ],
    );
  receiver.stop();
  server.start();
  await server.backup(host, group, failing());
  await server.pass(1000);
  expect(await waiting()).toEqual([
    ["a", 0],
    ["b", 0],
    ["c", 1],
  ]);
  const path = `/api/channels/${id}`;
  await server.call("PUT", path, webhook({ name: "c", enabled: false }));
  expect((await waiting())[2]).toEqual(["c", 0]);
  expect((await server.call("DELETE", path)).status).toBe(204);
  expect((await server.call("DELETE", path)).body.code).toBe(
    "channel_not_found",
  );
});
