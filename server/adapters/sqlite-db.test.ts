import { afterAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import type { Db } from "../ports/db.ts";
import { copyTo, openToCopy } from "./sqlite-copy.ts";
import { openSqlite } from "./sqlite-db.ts";

const dir = mkdtempSync(join(tmpdir(), "rm-sqlite-"));
afterAll(() => rmSync(dir, { recursive: true }));

async function put(db: Db, key: string): Promise<void> {
  const row = { key, value: "1", updated_at: "2026-01-01T00:00:00.000Z" };
  await db.insertInto("settings").values(row).execute();
}

async function count(db: Db): Promise<number> {
  const { n } = await db
    .selectFrom("settings")
    .select((e) => e.fn.countAll<number>().as("n"))
    .executeTakeFirstOrThrow();
  return n;
}

test("a rejected transaction leaves nothing", async () => {
  const store = openSqlite(":memory:");
  const failed = store.tx.run(async (trx) => {
    await put(trx, "a");
    throw new Error("no");
  });
  await expect(failed).rejects.toThrow("no");
  expect(await count(store.db)).toBe(0);
});

test("a change that finds the disk full says so, and the next one works again", async () => {
  const store = openSqlite(join(dir, "full.db"));
  await sql`pragma max_page_count = 1`.execute(store.db);
  const failed = store.tx.run(async (trx) => {
    for (let i = 0; i < 10_000; i++) await put(trx, `${i}`.repeat(50));
  });
  await expect(failed).rejects.toMatchObject({ code: "SQLITE_FULL" });
  await sql`pragma max_page_count = 100000`.execute(store.db);
  await store.tx.run((trx) => put(trx, "a"));
  expect(await count(store.db)).toBe(1);
  await store.close();
});

test("using the store beside its own transaction is refused at once, not waited for", async () => {
  const store = openSqlite(":memory:");
  const failed = store.tx.run(async (trx) => {
    await put(trx, "a");
    await put(store.db, "b");
  });
  await expect(failed).rejects.toThrow("beside the transaction");
  expect(await count(store.db)).toBe(0);
});

test("others wait for a running transaction and do not see half of it", async () => {
  const store = openSqlite(":memory:");
  const gate = Promise.withResolvers<void>();
  const change = store.tx.run(async (trx) => {
    await put(trx, "a");
    await gate.promise;
    await put(trx, "b");
  });
  const seen = count(store.db);
  gate.resolve();
  await change;
  expect(await seen).toBe(2);
});

test("a new file is readable by its owner only", async () => {
  const path = join(dir, "mode.db");
  await openSqlite(path).close();
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a copy taken in use opens and holds the same rows", async () => {
  const store = openSqlite(join(dir, "source.db"));
  await put(store.db, "a");
  const source = openToCopy(join(dir, "source.db"));
  copyTo(source, join(dir, "copy.db"));
  source.close();
  await store.close();

  const copy = openSqlite(join(dir, "copy.db"));
  expect(await count(copy.db)).toBe(1);
  expect(copy.applied).toEqual([]);
  await copy.close();
});

test("50 writers and a second process meet no SQLITE_BUSY [DB-04]", async () => {
  const path = join(dir, "busy.db");
  const store = openSqlite(path);
  const perWriter = 20;
  const other = spawn(
    process.execPath,
    ["-e", secondProcess, path, String(perWriter * 10)],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  const writer = async (id: number) => {
    for (let i = 0; i < perWriter; i++) {
      await store.tx.run((trx) => put(trx, `own-${id}-${i}`));
    }
  };

  const [[exitCode]] = await Promise.all([
    once(other, "exit"),
    ...Array.from({ length: 50 }, (_, id) => writer(id)),
  ]);

  expect(exitCode).toBe(0);
  expect(await count(store.db)).toBe(50 * perWriter + perWriter * 10);
  await store.close();
});

const secondProcess = `
  const { openSqlite } = await import(${JSON.stringify(join(import.meta.dir, "sqlite-db.ts"))});
  const [path, n] = process.argv.slice(-2);
  const store = openSqlite(path);
  for (let i = 0; i < Number(n); i++) {
    await store.tx.run((trx) => trx.insertInto("settings")
      .values({ key: "other-" + i, value: "1", updated_at: "" }).execute());
  }
  await store.close();
`;
