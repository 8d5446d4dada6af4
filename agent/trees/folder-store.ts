import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import type { Log } from "@restic-manager/shared/log.ts";
import { moveFile } from "../platform/replace-file.ts";
import { openKeptDb, openScratchDb } from "../state-db.ts";

/** A folder as the server was told of it. */
export interface KnownFolder {
  /** Our id of it. */
  readonly tree: string;
  /** Everything below it. */
  readonly files: number;
  readonly bytes: number;
}

/** Snapshots of these follow each other: restic compares with the last one of the same host and paths. */
export interface FolderLine {
  readonly repositoryId: string;
  readonly hostname: string;
  readonly paths: readonly string[];
}

/** What a map is of. */
export interface FolderState {
  /** The server's, see `SentStore`. */
  readonly generation: string;
  /** restic's own id of all of the snapshot. */
  readonly tree: string;
}

/** All folders of the snapshot that was told last. */
export interface FolderMap {
  readonly tree: string;
  get(path: string): KnownFolder | null;
  /** Makes it the map of another snapshot; folders that are gone may stay, nobody asks for them. */
  update(tree: string, changed: ReadonlyMap<string, KnownFolder>): void;
  close(): void;
}

/** A map in the making. */
export interface FolderDraft {
  add(path: string, folder: KnownFolder): void;
  /** Puts it in the place of the line's map. */
  keep(line: FolderLine, state: FolderState): void;
  close(): void;
}

/** A map for each line, a file each: they may be lost, which costs listing a snapshot as a whole. */
export interface FolderStore {
  /** Null when there is none of that generation. */
  open(line: FolderLine, generation: string): FolderMap | null;
  /** There is one at a time. */
  draft(): FolderDraft;
  drop(line: FolderLine): void;
}

const maxMaps = 32;
/** Of one map; about 100 bytes each. */
const maxFolders = 1_000_000;
/** Those that are gone, beyond as many as there were. */
const spareFolders = 10_000;

export function createFolderStore(dir: string, log: Log): FolderStore {
  const pathOf = (line: FolderLine) => join(dir, `${nameOf(line)}.db`);
  const drop = (path: string) => {
    for (const end of ["", "-journal"]) rmSync(path + end, { force: true });
  };

  /** A damaged file is of no use to anybody. */
  function orDrop<T>(path: string, work: () => T): T | null {
    try {
      return work();
    } catch (error) {
      log.warn(
        "What was known of a snapshot's folders cannot be used; the next one is listed as a whole",
        { error },
      );
      drop(path);
      return null;
    }
  }

  /** The oldest go. */
  function limit(): void {
    const aged = readdirSync(dir)
      .filter((name) => name.endsWith(".db"))
      .map((name) => join(dir, name))
      .map((path) => ({ path, at: statSync(path).mtimeMs }))
      .sort((a, b) => b.at - a.at);
    for (const { path } of aged.slice(maxMaps)) drop(path);
  }

  return {
    open(line, generation) {
      const path = pathOf(line);
      if (!existsSync(path)) return null;
      return orDrop(path, () => {
        const map = openMap(path, generation);
        return (
          map && {
            ...map,
            update: (tree, changed) =>
              void orDrop(path, () => map.update(tree, changed)),
          }
        );
      });
    },
    draft() {
      const path = join(dir, "draft.db");
      const draft = draftIn(openScratchDb(path));
      return {
        add: draft.add,
        keep(line, state) {
          if (!draft.finish(state)) return drop(pathOf(line));
          draft.close();
          const file = openSync(path, "r+");
          fchmodSync(file, 0o600);
          fsyncSync(file);
          closeSync(file);
          drop(pathOf(line));
          moveFile(path, pathOf(line));
          limit();
        },
        close() {
          draft.close();
          drop(path);
        },
      };
    },
    drop: (line) => drop(pathOf(line)),
  };
}

function nameOf({ repositoryId, hostname, paths }: FolderLine): string {
  const hash = createHash("sha256").update(JSON.stringify([hostname, paths]));
  return `${repositoryId}-${hash.digest("hex").slice(0, 16)}`;
}

type FileDb = ReturnType<typeof openKeptDb>;

const put = "INSERT OR REPLACE INTO folders VALUES (?, ?, ?, ?)";
const values = (path: string, { tree, files, bytes }: KnownFolder) =>
  [path, Buffer.from(tree, "hex"), files, bytes] as const;

interface StateRow extends FolderState {
  readonly folders: number;
}

interface FolderRow extends Omit<KnownFolder, "tree"> {
  readonly tree: Uint8Array;
}

function openMap(path: string, generation: string): FolderMap | null {
  const db = openKeptDb(path);
  let map: FolderMap | null = null;
  try {
    map = mapIn(db, generation);
    return map;
  } finally {
    if (map === null) db.close();
  }
}

function mapIn(db: FileDb, generation: string): FolderMap | null {
  const state = one(db, "SELECT * FROM state") as StateRow | null;
  if (state?.generation !== generation) return null;
  const find = db.prepare<FolderRow, [string]>(
    "SELECT tree, files, bytes FROM folders WHERE path = ?",
  );
  return {
    tree: state.tree,
    get(path) {
      const row = find.get(path);
      return row && { ...row, tree: Buffer.from(row.tree).toString("hex") };
    },
    update(tree, changed) {
      db.transaction(() => {
        for (const [path, folder] of changed)
          db.run(put, [...values(path, folder)]);
        db.run("UPDATE state SET tree = ?", [tree]);
      })();
      const { n } = one(db, "SELECT count(*) AS n FROM folders") as {
        n: number;
      };
      if (n > 2 * state.folders + spareFolders)
        throw new Error("It holds too many folders that are gone");
    },
    close() {
      find.finalize();
      db.close();
    },
  };
}

function draftIn(db: FileDb) {
  db.run(
    "CREATE TABLE folders (path TEXT PRIMARY KEY, tree BLOB NOT NULL, files INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID",
  );
  db.run(
    "CREATE TABLE state (generation TEXT NOT NULL, tree TEXT NOT NULL, folders INTEGER NOT NULL) STRICT",
  );
  db.run("BEGIN");
  const insert = db.prepare(put);
  let count = 0;
  return {
    add(path: string, folder: KnownFolder) {
      if (++count <= maxFolders) insert.run(...values(path, folder));
    },
    /** False: there are too many. */
    finish({ generation, tree }: FolderState): boolean {
      db.run("INSERT INTO state VALUES (?, ?, ?)", [generation, tree, count]);
      db.run("COMMIT");
      return count <= maxFolders;
    },
    close() {
      insert.finalize();
      db.close();
    },
  };
}

/** Leaves no statement behind, which would keep the file open on Windows. */
function one(db: FileDb, sql: string): unknown {
  const query = db.prepare(sql);
  try {
    return query.get();
  } finally {
    query.finalize();
  }
}
