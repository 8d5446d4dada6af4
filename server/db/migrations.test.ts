import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "../adapters/sqlite-db.ts";
import { migrate, schemaVersion } from "../adapters/sqlite-migrate.ts";
import { migrations } from "./migrations/index.ts";
import type { Migration } from "./migrations/migration.ts";

const golden = readFileSync(join(import.meta.dir, "schema.sql"), "utf8");

/** The whole schema as SQL text in a stable order, as `schema.sql` holds it. */
function dumpSchema(database: Database): string {
  const rows = database
    .query<{ sql: string }, []>(
      `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL
       ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 ELSE 2 END, name`,
    )
    .all();
  return rows.map((row) => `${row.sql};\n`).join("\n");
}

/** A database as the release with `version` migrations left it, a row in every table. */
function fixture(version: number): Database {
  const prefix = String(version).padStart(4, "0");
  const database = new Database(":memory:");
  for (const part of ["schema", "rows"]) {
    const path = join(import.meta.dir, "fixtures", `${prefix}-${part}.sql`);
    database.run(readFileSync(path, "utf8"));
  }
  database.run(`PRAGMA user_version = ${version}`);
  return database;
}

function rowCounts(database: Database): Record<string, number> {
  const tables = database
    .query<{ name: string }, []>(
      "SELECT name FROM sqlite_schema WHERE type = 'table'",
    )
    .all();
  return Object.fromEntries(
    tables.map(({ name }) => [
      name,
      database
        .query<{ n: number }, []>(`SELECT count(*) AS n FROM "${name}"`)
        .get()?.n ?? 0,
    ]),
  );
}

test("an empty database ends at schema.sql [DB-01]", () => {
  const database = new Database(":memory:");
  migrate(database, migrations);
  expect(dumpSchema(database)).toBe(golden);
});

const releases = readdirSync(join(import.meta.dir, "fixtures")).flatMap(
  (file) => /^(\d+)-schema\.sql$/.exec(file)?.[1] ?? [],
);

for (const version of releases.map(Number)) {
  test(`a database of schema ${version} ends at schema.sql with every row [DB-01] [DB-02]`, () => {
    const database = fixture(version);
    const before = rowCounts(database);
    expect(Object.values(before)).not.toContain(0);

    migrate(database, migrations);

    expect(dumpSchema(database)).toBe(golden);
    expect(rowCounts(database)).toMatchObject(before);
    expect(database.query("PRAGMA foreign_key_check").all()).toEqual([]);
  });
}

test("an upgrade gives groups their retries and hosts a configuration to fetch", () => {
  const database = fixture(1);
  database.run("UPDATE hosts SET cfg_rev = 7");
  migrate(database, migrations);
  expect(
    database.query("SELECT cfg_rev, retry_max FROM hosts, source_groups").get(),
  ).toEqual({ cfg_rev: 8, retry_max: 3 });
});

test("rebuilding a parent table keeps its children [DB-02]", () => {
  const database = fixture(1);
  database.run("PRAGMA foreign_keys = ON");
  const before = rowCounts(database);
  const rebuild: Migration = {
    name: "0002-hosts",
    statements: [
      "CREATE TABLE hosts_new AS SELECT * FROM hosts",
      "DROP TABLE hosts",
      "CREATE TABLE hosts (id TEXT PRIMARY KEY, name TEXT NOT NULL)",
      "INSERT INTO hosts SELECT id, name FROM hosts_new",
      "DROP TABLE hosts_new",
    ],
  };

  migrate(database, [...migrations.slice(0, 1), rebuild]);

  expect(rowCounts(database)).toEqual(before);
  expect(database.query("PRAGMA foreign_keys").get()).toEqual({
    foreign_keys: 1,
  });
});

test("a step that orphans rows is refused and leaves everything as it was [DB-02]", () => {
  const database = fixture(1);
  const before = rowCounts(database);
  const careless: Migration = {
    name: "0002-careless",
    statements: ["DELETE FROM hosts"],
  };

  expect(() =>
    migrate(database, [...migrations.slice(0, 1), careless]),
  ).toThrow("0002-careless");
  expect(rowCounts(database)).toEqual(before);
  expect(schemaVersion(database)).toBe(1);
});

test("a step that fails half way is undone [DB-01]", () => {
  const database = fixture(1);
  const half: Migration = {
    name: "0002-half",
    statements: ["CREATE TABLE half (a TEXT)", "NONSENSE"],
  };
  const dump = dumpSchema(database);

  expect(() => migrate(database, [...migrations.slice(0, 1), half])).toThrow();
  expect(dumpSchema(database)).toBe(dump);
});

test("a database of a newer program is refused [DB-01]", () => {
  const database = new Database(":memory:");
  database.run(`PRAGMA user_version = ${migrations.length + 1}`);
  expect(() => migrate(database, migrations)).toThrow("newer");
});

test("the audit log refuses changes [AUD-04]", () => {
  const database = fixture(1);
  expect(() => database.run("UPDATE audit_log SET action = 'x'")).toThrow(
    "append-only",
  );
  expect(() => database.run("DELETE FROM audit_log")).toThrow("append-only");
});

test("an upgrade leaves the database as it was beside the new one, for the program before [DB-03]", async () => {
  const dir = mkdtempSync(join(tmpdir(), "rm-upgrade-"));
  try {
    const path = join(dir, "restic-manager.db");
    const before = fixture(1);
    before.run("VACUUM INTO ?", [path]);

    const { applied, close } = openSqlite(path);
    await close();

    expect(applied).toHaveLength(migrations.length - 1);
    const copy = join(dir, `pre-${migrations.length}.db`);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    const kept = new Database(copy, { readonly: true });
    expect(schemaVersion(kept)).toBe(1);
    expect(rowCounts(kept)).toEqual(rowCounts(before));
    kept.close();

    rmSync(copy);
    await openSqlite(path).close();
    expect(existsSync(copy)).toBe(false);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
