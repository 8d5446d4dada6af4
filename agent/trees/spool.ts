import { rmSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { openScratchDb } from "../state-db.ts";

export interface PackedTree {
  readonly id: string;
  readonly packed: Uint8Array;
}

/** Trees on their way from restic to the server, on disk: neither waits for the other, and memory stays small. */
export interface Spool {
  /** The same tree again costs nothing. */
  add(id: string, text: string): void;
  /** In the order they were added. */
  trees(): Iterable<PackedTree>;
  /** Throws away what was added. */
  clear(): void;
  close(): void;
}

/** There is one at a time. What an earlier life of the agent left behind is thrown away. */
export function openSpool(folder: string): Spool {
  const path = join(folder, "trees.spool");
  const db = openScratchDb(path);
  db.run(
    "CREATE TABLE trees (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, packed BLOB NOT NULL) STRICT",
  );
  db.run("BEGIN");
  const known = db.query("SELECT 1 FROM trees WHERE id = ?");
  const insert = db.query("INSERT INTO trees (id, packed) VALUES (?, ?)");
  return {
    add(id, text) {
      if (known.get(id) === null) insert.run(id, zstdCompressSync(text));
    },
    trees: () =>
      db
        .query<PackedTree, []>("SELECT id, packed FROM trees ORDER BY seq")
        .iterate(),
    clear: () => void db.run("DELETE FROM trees"),
    close() {
      known.finalize();
      insert.finalize();
      db.close();
      rmSync(path, { force: true });
    },
  };
}
