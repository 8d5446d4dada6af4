import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import type { KyselyPlugin } from "kysely";
import { openSqlite } from "../adapters/sqlite-db.ts";
import { createTestAgent, insertTestHost } from "../testing/test-agent.ts";
import { createHostKeys } from "./host-keys.ts";

const dir = mkdtempSync(join(tmpdir(), "rm-keys-"));
afterAll(() => rmSync(dir, { recursive: true }));
const clock = createManualClock();
const nas = createTestAgent(clock, 1);
const next = createTestAgent(clock, 2, nas.hostId);

test("a read that began before a key was replaced is not what later ones get [RES-07]", async () => {
  const file = join(dir, "rm.db");
  const [reader, writer] = [openSqlite(file), openSqlite(file)];
  await insertTestHost(writer.db, nas);
  const read = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const slow: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      read.resolve();
      await held.promise;
      return result;
    },
  };
  const keys = createHostKeys(reader.db.withPlugin(slow), clock);

  const early = keys.get(nas.hostId);
  await read.promise;
  await writer.db
    .updateTable("hosts")
    .set({ public_key: next.publicKey })
    .execute();
  keys.forget(nas.hostId);
  held.resolve();

  expect(await early).toEqual(nas.publicKey);
  expect(await keys.get(nas.hostId)).toEqual(next.publicKey);
  await Promise.all([reader.close(), writer.close()]);
});

test("a host that is approved after its agent was heard is known then [RES-07]", async () => {
  const { db } = openSqlite(":memory:");
  const keys = createHostKeys(db, clock);
  expect(await keys.get(nas.hostId)).toBeNull();
  await insertTestHost(db, nas);
  expect(await keys.get(nas.hostId)).toEqual(nas.publicKey);
});
