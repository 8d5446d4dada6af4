import { expect, test } from "bun:test";
import { auditList } from "@restic-manager/shared/api/audit.ts";
import { systemInitiator } from "../../ports/audit.ts";
import type { AuditEntry, Initiator } from "../../ports/audit.ts";
import { createTestApi, createTestWorld } from "../../testing/test-api.ts";
import { createAuditLog } from "./log.ts";
import { auditRoutes } from "./routes.ts";

const ada: Initiator = {
  kind: "user",
  id: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
  name: "ada",
  ip: "198.51.100.7",
  requestId: "01ARZ3NDEKTSV4RRFFQ69G5FAW",
};
const nas: Initiator = { ...ada, kind: "agent", id: "hnas", name: "ada" };

async function start() {
  const world = createTestWorld();
  const { tx, audit, clock, db } = world;
  const api = createTestApi(world, { routes: auditRoutes(createAuditLog(db)) });
  const record = (by: Initiator, entry: AuditEntry) =>
    tx.run((trx) => audit.record(trx, by, entry));
  const host = { kind: "host", id: "hnas" };
  await record(ada, { action: "host.approve", target: host });
  await clock.advance(60_000);
  await record(nas, { action: "job.done", target: { kind: "job", id: "j" } });
  await record(systemInitiator("clock"), { action: "host.expire" });
  await clock.advance(60_000);
  await record(
    { ...ada, name: "bob" },
    {
      action: "schedule.update",
      target: { kind: "schedule", id: "s" },
      payload: { enabled: false, cron: "0 2 * * *" },
    },
  );
  const headers = await api.as("viewer");
  return {
    ...api,
    record,
    async page(query = "") {
      const response = await api.request(`/api/audit${query}`, { headers });
      return auditList.parse(await response.json());
    },
    headers,
  };
}

async function actions(query: string) {
  const { page } = await start();
  return (await page(query)).entries.map((entry) => entry.action);
}

test("every change is listed with who, when, from where, on what, newest first [AUD-01]", async () => {
  const { page } = await start();
  const { entries, next_cursor } = await page();
  expect(next_cursor).toBeNull();
  expect(entries.map((entry) => entry.action)).toEqual([
    "schedule.update",
    "host.expire",
    "job.done",
    "host.approve",
  ]);
  expect(entries[0]).toEqual({
    id: expect.any(String),
    ts: "2026-01-01T00:02:00.000Z",
    actor_kind: "user",
    actor_id: ada.id,
    actor_name: "bob",
    ip: "198.51.100.7",
    request_id: ada.requestId,
    action: "schedule.update",
    target: { kind: "schedule", id: "s" },
    payload: { enabled: false, cron: "0 2 * * *" },
  });
});

test("filters narrow the list, and go together", async () => {
  expect(await actions("?user=ada")).toEqual(["host.approve"]);
  expect(await actions("?actor_kind=system")).toEqual(["host.expire"]);
  expect(await actions("?action=host.")).toEqual([
    "host.expire",
    "host.approve",
  ]);
  expect(await actions("?action=%25")).toEqual([]);
  expect(await actions("?target_kind=job")).toEqual(["job.done"]);
  expect(await actions("?since=2026-01-01T00:01:00Z&action=host.")).toEqual([
    "host.expire",
  ]);
  expect(await actions("?since=2026-01-01T00:02:00.001Z")).toEqual([]);
});

test("a long log is paged without gap or repetition while it grows [API-04]", async () => {
  const { page, record } = await start();
  for (let i = 0; i < 7; i++) await record(ada, { action: `test.action_${i}` });
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const from: string = cursor === null ? "" : `&cursor=${cursor}`;
    const { entries, next_cursor } = await page(`?action=test.&limit=3${from}`);
    seen.push(...entries.map((entry) => entry.action));
    cursor = next_cursor;
    await record(ada, { action: "test.later" });
  } while (cursor !== null);
  expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((i) => `test.action_${i}`));
});

test("a wrong filter is refused by its field, and nothing can be written or deleted there [AUD-04]", async () => {
  const { request, send, headers } = await start();
  for (const query of ["limit=501", "since=yesterday", "actor_kind=robot"]) {
    const response = await request(`/api/audit?${query}`, { headers });
    expect([query, response.status]).toEqual([query, 400]);
  }
  for (const method of ["POST", "PUT", "PATCH", "DELETE"])
    expect((await send(method, "/api/audit", {}, headers)).status).toBe(405);
});
