import { AsyncLocalStorage } from "node:async_hooks";
import { chmodSync } from "node:fs";
import { dirname, join } from "node:path";
import { Database, type Statement } from "bun:sqlite";
import { CompiledQuery, Kysely } from "kysely";
import type { Dialect, Driver } from "kysely";
import { BunSqliteDialect } from "kysely-bun-sqlite";
import { StartError } from "../app-error.ts";
import { migrations } from "../db/migrations/index.ts";
import type { Schema } from "../db/schema.ts";
import type { Db } from "../ports/db.ts";
import type { Transaction } from "../ports/transaction.ts";
import { copyTo } from "./sqlite-copy.ts";
import { migrate, schemaVersion } from "./sqlite-migrate.ts";

/** How long to wait for another process to finish its write. */
const busyTimeoutMs = 5000;
const keptStatements = 256;

export interface SqliteStore {
  readonly db: Db;
  readonly tx: Transaction;
  /** Names of the migrations that opening it has applied. */
  readonly applied: readonly string[];
  /** Whether it takes writes now: false while another process keeps it locked. */
  isWritable(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Opens (or creates, readable by its owner only) the database and brings its schema up to date. As it was before, it
 * stays beside as `pre-<schema version>.db`: the program before this one opens that and nothing newer.
 *
 * @throws StartError when `beside` a server of another version: its database is left as it is
 */
export function openSqlite(path: string, how?: "beside"): SqliteStore {
  const database = new Database(path, { create: true, strict: true });
  try {
    if (how === "beside") needSameSchema(database);
    if (path !== ":memory:") chmodSync(path, 0o600);
    for (const pragma of [
      `busy_timeout = ${busyTimeoutMs}`,
      "journal_mode = WAL",
      "synchronous = NORMAL",
      "foreign_keys = ON",
    ]) {
      database.run(`PRAGMA ${pragma}`);
    }
    if (path !== ":memory:") keepBefore(database, dirname(path));
    const applied = migrate(database, migrations);
    return { ...kyselyOver(database), applied };
  } catch (error) {
    database.close();
    throw error;
  }
}

function needSameSchema(database: Database): void {
  const version = schemaVersion(database);
  if (version === migrations.length) return;
  throw new StartError(
    `The database has schema version ${version}, this program has ${migrations.length}: it belongs to another version of restic-manager-server. Use the program that the server runs.`,
  );
}

function keepBefore(database: Database, dir: string): void {
  const version = schemaVersion(database);
  if (version === 0 || version >= migrations.length) return;
  const path = join(dir, `pre-${migrations.length}.db`);
  try {
    copyTo(database, path);
  } catch (error) {
    throw new Error(
      `An upgrade first copies the database to ${path}, and that failed: ${(error as Error).message}. Make room for it; nothing was changed.`,
      { cause: error },
    );
  }
}

function kyselyOver(database: Database): Omit<SqliteStore, "applied"> {
  const inTransaction = new AsyncLocalStorage<true>();
  const db = new Kysely<Schema>({ dialect: dialect(database, inTransaction) });
  return {
    db,
    tx: {
      run: (work) =>
        db
          .transaction()
          .execute((trx) => inTransaction.run(true, () => work(trx))),
    },
    isWritable: () => db.connection().execute(() => canWrite(database)),
    close: () => db.destroy(),
  };
}

/** Runs while no transaction of ours is open. */
async function canWrite(database: Database): Promise<boolean> {
  database.run("PRAGMA busy_timeout = 100");
  try {
    database.run("BEGIN IMMEDIATE");
    database.run("ROLLBACK");
    return true;
  } catch {
    return false;
  } finally {
    database.run(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  }
}

function dialect(
  database: Database,
  inTransaction: AsyncLocalStorage<true>,
): Dialect {
  const inner = new BunSqliteDialect({ database: keepPrepared(database) });
  return {
    createAdapter: () => inner.createAdapter(),
    createQueryCompiler: () => inner.createQueryCompiler(),
    createIntrospector: (db) => inner.createIntrospector(db),
    createDriver: () => guarded(database, inner.createDriver(), inTransaction),
  };
}

/**
 * The same database that prepares a statement once and keeps it: a server runs the same few hundred for ever, and to
 * prepare one costs as much as to run it. The one that was not used longest makes room.
 */
function keepPrepared(database: Database): Database {
  const prepared = new Map<string, Statement>();

  function prepare(sql: string): Statement {
    const statement = prepared.get(sql) ?? database.prepare(sql);
    prepared.delete(sql);
    prepared.set(sql, statement);
    if (prepared.size > keptStatements) {
      const [oldest] = prepared;
      prepared.delete(oldest?.[0] ?? "");
      oldest?.[1].finalize();
    }
    return statement;
  }

  function close(): void {
    for (const statement of prepared.values()) statement.finalize();
    database.close();
  }

  return Object.create(database, {
    prepare: { value: prepare },
    close: { value: close },
  });
}

function guarded(
  database: Database,
  driver: Driver,
  inTransaction: AsyncLocalStorage<true>,
): Driver {
  return {
    init: () => driver.init(),
    async acquireConnection() {
      // The one connection belongs to the transaction: waiting for it here would wait for ever.
      if (inTransaction.getStore() === true) {
        throw new Error("The store was used beside the transaction it is in.");
      }
      return driver.acquireConnection();
    },
    async beginTransaction(connection) {
      // Taking the write lock first makes a second process wait, where upgrading a read lock would fail.
      await connection.executeQuery(CompiledQuery.raw("begin immediate"));
    },
    commitTransaction: (connection) => driver.commitTransaction(connection),
    async rollbackTransaction(connection) {
      // On a full or failing disk SQLite has rolled back itself; what went wrong is the error to be told.
      if (database.inTransaction) await driver.rollbackTransaction(connection);
    },
    releaseConnection: (connection) => driver.releaseConnection(connection),
    destroy: () => driver.destroy(),
  };
}
