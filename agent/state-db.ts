import { Database } from "bun:sqlite";
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DamagedError } from "./damaged-error.ts";

/**
 * What must survive a crash at any instant: results not yet stored by the server, jobs under way, next fires. One file,
 * so that one transaction can put a result into the outbox and take the job off the list.
 */
export type StateDb = Database;

const schema = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    job_id TEXT,
    body TEXT NOT NULL
  ) STRICT;
  CREATE TABLE jobs (
    job_id TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    started_at TEXT,
    pid INTEGER,
    log_lines INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE seen_commands (id TEXT PRIMARY KEY, exp INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE next_fires (
    schedule_id TEXT PRIMARY KEY,
    cron TEXT NOT NULL,
    tz TEXT NOT NULL,
    next_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

/** What leads from one version of the file to the next; the first makes it. */
const steps = [
  schema,
  // Events are signed when they are sent, by the key of that moment.
  "UPDATE outbox SET body = body ->> '$.b'",
  // Fires that have not come to an end, and hooks whose counterpart is owed.
  `
  ALTER TABLE next_fires ADD COLUMN planned_at INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE retries (
    schedule_id TEXT NOT NULL,
    source_group_id TEXT NOT NULL,
    due_at TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_at INTEGER,
    PRIMARY KEY (schedule_id, source_group_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE busy_fires (
    schedule_id TEXT NOT NULL,
    source_group_id TEXT NOT NULL,
    first_due_at TEXT NOT NULL,
    last_due_at TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (schedule_id, source_group_id)
  ) STRICT, WITHOUT ROWID;
  ALTER TABLE jobs ADD COLUMN hooked INTEGER NOT NULL DEFAULT 0;
  `,
  // Repositories that may hold a lock of a restic of this host that is dead.
  "CREATE TABLE lock_suspects (repository_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
  // Snapshots that the server is to be told of, and what it was told.
  `
  CREATE TABLE pending_indexes (
    seq INTEGER PRIMARY KEY,
    repository_id TEXT NOT NULL,
    snapshot_id TEXT NOT NULL,
    asked INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    added_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    UNIQUE (repository_id, snapshot_id)
  ) STRICT;
  CREATE TABLE index_generations (repository_id TEXT PRIMARY KEY, generation TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE sent_trees (
    seq INTEGER PRIMARY KEY,
    repository_id TEXT NOT NULL,
    tree_id TEXT NOT NULL,
    UNIQUE (repository_id, tree_id)
  ) STRICT;
  CREATE TABLE sent_roots (
    seq INTEGER PRIMARY KEY,
    repository_id TEXT NOT NULL,
    restic_tree TEXT NOT NULL,
    root TEXT NOT NULL,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    UNIQUE (repository_id, restic_tree)
  ) STRICT;
  `,
  // Which restic it was: another machine of this name may hold a lock there. 0 is one of which that is not known.
  `
  CREATE TABLE suspect_restics (
    repository_id TEXT NOT NULL,
    pid INTEGER NOT NULL,
    PRIMARY KEY (repository_id, pid)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO suspect_restics SELECT repository_id, 0 FROM lock_suspects;
  DROP TABLE lock_suspects;
  `,
];

/** Opens the file, making it and its tables when new. A damaged file is an error that names the remedy. */
export function openStateDb(path: string): StateDb {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    return open(path);
  } catch (error) {
    // A full disk damages nothing.
    if (
      error instanceof Error &&
      "code" in error &&
      error.code === "SQLITE_FULL"
    )
      throw error;
    const words = error instanceof Error ? error.message : String(error);
    throw new DamagedError(
      `${path} cannot be used (${words}). If it is damaged, move it away and start again; only results that the server has not stored yet are lost.`,
      { cause: error },
    );
  }
}

/** A file for what is too much for memory and may be lost: made anew, and fast instead of safe. */
export function openScratchDb(path: string): Database {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  rmSync(path, { force: true });
  const db = new Database(path, { create: true, strict: true });
  db.run("PRAGMA journal_mode = OFF");
  db.run("PRAGMA synchronous = OFF");
  return db;
}

/** A file that a scratch file became. */
export function openKeptDb(path: string): Database {
  return new Database(path, { create: false, readwrite: true, strict: true });
}

function open(path: string): StateDb {
  const db = new Database(path, { create: true, strict: true });
  chmodSync(path, 0o600);
  db.run("PRAGMA journal_mode = WAL");
  // A result that was put here must still be here after a power cut.
  db.run("PRAGMA synchronous = FULL");
  db.run("PRAGMA busy_timeout = 5000");
  db.transaction(() => {
    const { user_version } = db.query("PRAGMA user_version").get() as {
      user_version: number;
    };
    if (user_version > steps.length)
      throw new Error("it was made by a newer agent");
    for (const step of steps.slice(user_version)) db.run(step);
    db.run(`PRAGMA user_version = ${steps.length}`);
  }).immediate();
  return db;
}

/**
 * Ties the state to a host id. When the server forgot this host and a person approved it anew, it is another host: what the
 * old one had to report or to keep secret is given up. Safe to be interrupted.
 */
export function adoptHost(
  db: StateDb,
  secretsPath: string,
  hostId: string,
): void {
  const known = readMeta(db, "host_id");
  if (known === hostId) return;
  if (known !== null) rmSync(secretsPath, { force: true });
  db.transaction(() => {
    for (const table of [
      "meta",
      "outbox",
      "jobs",
      "seen_commands",
      "next_fires",
      "retries",
      "busy_fires",
      "suspect_restics",
      "pending_indexes",
      "index_generations",
      "sent_trees",
      "sent_roots",
    ])
      db.run(`DELETE FROM ${table}`);
    writeMeta(db, "host_id", hostId);
  }).immediate();
}

export function readMeta(db: StateDb, key: string): string | null {
  const row = db.query("SELECT value FROM meta WHERE key = ?").get(key) as {
    value: string;
  } | null;
  return row?.value ?? null;
}

export function writeMeta(db: StateDb, key: string, value: string): void {
  db.query(
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
  ).run(key, value);
}
