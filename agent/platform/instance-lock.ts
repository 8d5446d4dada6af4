import { Database } from "bun:sqlite";
import { chmodSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Keeps a second agent off the same state folder. The lock is SQLite's own on an empty file: it works everywhere, and it
 * ends with the process, whatever that dies of. Null when another process holds it.
 */
export function takeInstanceLock(path: string): { release(): void } | null {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const db = new Database(path, { create: true });
  try {
    chmodSync(path, 0o600);
    db.run("PRAGMA busy_timeout = 0");
    db.run("BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    if ((error as { code?: string }).code?.startsWith("SQLITE_BUSY") === true)
      return null;
    throw error;
  }
  return { release: () => db.close() };
}
