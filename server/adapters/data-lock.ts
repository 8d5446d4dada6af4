import { Database } from "bun:sqlite";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { StartError } from "../app-error.ts";

/**
 * Makes this process the one server of a data directory, until the returned function, which the caller keeps, is
 * called or the process ends, however it ends: the lock is the kernel's, on an SQLite file that holds nothing. A lock on the database itself would
 * keep out `backup` and `user` too, which work beside a server.
 *
 * @throws StartError when another server has it
 */
export function lockDataDir(dataDir: string): () => void {
  const path = join(dataDir, "server.lock");
  const file = new Database(path, { create: true });
  try {
    chmodSync(path, 0o600);
    file.run("PRAGMA busy_timeout = 0");
    file.run("BEGIN EXCLUSIVE");
  } catch (error) {
    file.close();
    const { code } = error as { code?: string };
    if (code?.startsWith("SQLITE_BUSY") !== true) throw error;
    throw new StartError(
      `Another restic-manager-server runs on ${dataDir}. Stop it first, or give this one a directory of its own with RM_DATA_DIR.`,
    );
  }
  return () => file.close();
}
