import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { versionInfo } from "@restic-manager/shared/api/auth.ts";
import rootPackage from "../../package.json" with { type: "json" };
import { openSqlite } from "../adapters/sqlite-db.ts";
import { createTestApi, createTestWorld } from "../testing/test-api.ts";
import { versionLine } from "../version.ts";
import { healthRoutes } from "./health.ts";

const dir = mkdtempSync(join(tmpdir(), "rm-health-"));
afterAll(() => rmSync(dir, { recursive: true }));

function start(state: { store: boolean; broker: boolean }) {
  return createTestApi(createTestWorld(), {
    routes: healthRoutes({
      serverKey: "SHA256:00",
      isStoreReady: async () => state.store,
      isBrokerReady: () => state.broker,
    }),
  });
}

test("the server is ready when store and broker work, and alive whatever they do [API-01]", async () => {
  for (const store of [true, false]) {
    for (const broker of [true, false]) {
      const { request } = start({ store, broker });
      const ready = await request("/readyz");
      expect(ready.status).toBe(store && broker ? 200 : 503);
      expect(await ready.json()).toEqual({ store, broker });
      expect((await request("/healthz")).status).toBe(204);
    }
  }
});

test("a database that another process keeps locked is not ready, and is again afterwards [API-01]", async () => {
  const path = join(dir, "locked.db");
  const store = openSqlite(path);
  expect(await store.isWritable()).toBe(true);
  const other = new Database(path);
  other.run("BEGIN IMMEDIATE");
  expect(await store.isWritable()).toBe(false);
  other.run("ROLLBACK");
  expect(await store.isWritable()).toBe(true);
  await store.close();
});

test("a long transaction of our own does not look like a locked database [API-01]", async () => {
  const store = openSqlite(":memory:");
  const gate = Promise.withResolvers<void>();
  const running = store.tx.run(() => gate.promise);
  const writable = store.isWritable();
  gate.resolve();
  await running;
  expect(await writable).toBe(true);
});

test("the version is the repository's everywhere, never a placeholder [PKG-05]", async () => {
  const { request } = start({ store: true, broker: true });
  const info = versionInfo.parse(await (await request("/api/version")).json());
  expect(info).toMatchObject({
    version: rootPackage.version,
    server_key: "SHA256:00",
  });
  expect(versionLine()).toStartWith(
    `restic-manager-server ${rootPackage.version} (commit `,
  );
  expect(info.version).not.toMatch(/dev|0\.0\.0/);
});
