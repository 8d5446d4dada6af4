import { Database, constants as sqlite } from "bun:sqlite";
import { chmodSync, rmSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { migrations } from "../db/migrations/index.ts";
import { putInPlace } from "./durable-file.ts";
import { schemaVersion } from "./sqlite-migrate.ts";

/** Opens a database that may be in use, whatever its schema, to copy it; nothing in it is changed. */
export function openToCopy(path: string): Database {
  const database = new Database(path, { readwrite: true });
  try {
    database.run("PRAGMA busy_timeout = 5000");
    // Without reading, SQLite does not notice what cannot be read.
    database.query("SELECT name FROM sqlite_schema").all();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** @param to is written over */
export function copyTo(database: Database, to: string): void {
  const draft = `${to}.new`;
  rmSync(draft, { force: true });
  try {
    database.run("VACUUM INTO ?", [draft]);
    chmodSync(draft, 0o600);
    putInPlace(draft, to);
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Reads a sealed key out of a copy of a server's database, after all of the copy has proved to be whole.
 *
 * @returns null when its server was never started
 * @throws Error when a server of this version could not work with it
 */
export function readKeyOfCopy(path: string, name: string): Uint8Array | null {
  // Read as it lies there: a copy on a medium that cannot be written is as good.
  const database = new Database(
    `${pathToFileURL(path).href}?immutable=1`,
    sqlite.SQLITE_OPEN_READONLY | sqlite.SQLITE_OPEN_URI,
  );
  try {
    const version = schemaVersion(database);
    if (version === 0) throw new Error("it holds no data of a server");
    if (version > migrations.length)
      throw new Error(
        "a newer restic-manager-server made it; use that version",
      );
    const [found] = database
      .query<{ integrity_check: string }, []>("PRAGMA integrity_check")
      .all();
    if (found?.integrity_check !== "ok")
      throw new Error(found?.integrity_check ?? "it cannot be checked");
    const row = database
      .query<{ sealed: Uint8Array }, [string]>(
        "SELECT sealed FROM keys WHERE name = ?",
      )
      .get(name);
    return row?.sealed ?? null;
  } finally {
    database.close();
  }
}
