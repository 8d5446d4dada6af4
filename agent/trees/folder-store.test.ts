import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { createLog } from "../log.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { createFolderStore, type FolderLine } from "./folder-store.ts";

const tempDir = createTempDirs();
const line = (at: number): FolderLine => ({
  repositoryId: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
  hostname: "endpoint",
  paths: [`/srv/${at}`],
});
const folder = (files: number) => ({
  tree: String(files % 10).repeat(32),
  files,
  bytes: files * 10,
});

function setUp() {
  const dir = tempDir();
  const lines: string[] = [];
  const log = createLog({
    level: "debug",
    format: "text",
    clock: createManualClock(),
    write: (line) => lines.push(line),
  });
  const store = createFolderStore(dir, log);
  return {
    dir,
    store,
    lines,
    keep(at: number, folders: Record<string, number>) {
      const draft = store.draft();
      for (const [path, files] of Object.entries(folders))
        draft.add(path, folder(files));
      draft.keep(line(at), { generation: "1", tree: `tree ${at}` });
      draft.close();
    },
  };
}

test("what is kept of a snapshot's folders counts for its own paths and the server's generation alone [RTR-01]", () => {
  const { store, keep } = setUp();
  keep(1, { "": 3, "/a": 2 });
  const map = store.open(line(1), "1");
  expect(map?.tree).toBe("tree 1");
  expect(map?.get("/a")).toEqual(folder(2));
  expect(map?.get("/b")).toBeNull();
  map?.close();
  expect(store.open(line(1), "2")).toBeNull();
  expect(store.open(line(2), "1")).toBeNull();
  store.drop(line(1));
  expect(store.open(line(1), "1")).toBeNull();
});

test("it goes on with the next snapshot, and is given up when most of it is gone [RTR-01]", () => {
  const { store, keep, lines } = setUp();
  keep(1, { "": 3, "/a": 2 });
  const map = store.open(line(1), "1");
  map?.update("tree 2", new Map([["/a", folder(7)]]));
  map?.close();
  const next = store.open(line(1), "1");
  expect(next?.tree).toBe("tree 2");
  expect(next?.get("/a")).toEqual(folder(7));
  expect(next?.get("")).toEqual(folder(3));
  const many = Array.from({ length: 11_000 }, (_, at) => `/new/${at}`);
  next?.update("tree 3", new Map(many.map((path) => [path, folder(1)])));
  next?.close();
  expect(lines.join("")).toContain("listed as a whole");
  expect(store.open(line(1), "1")).toBeNull();
});

test("a file that is damaged is thrown away: the next snapshot is listed as a whole [RTR-01]", () => {
  const { store, keep, dir, lines } = setUp();
  keep(1, { "": 3 });
  for (const name of readdirSync(dir))
    writeFileSync(join(dir, name), "no database");
  expect(store.open(line(1), "1")).toBeNull();
  expect(lines.join("")).toContain("listed as a whole");
  expect(readdirSync(dir)).toEqual([]);
});

test("a listing that did not come to its end changes nothing [RTR-01]", () => {
  const { store, keep, dir } = setUp();
  keep(1, { "": 3 });
  const draft = store.draft();
  draft.add("", folder(9));
  draft.close();
  const map = store.open(line(1), "1");
  expect(map?.get("")).toEqual(folder(3));
  map?.close();
  expect(readdirSync(dir)).toHaveLength(1);
});

test("those that were not used for longest go [RTR-01]", () => {
  const { store, keep, dir } = setUp();
  keep(0, { "": 1 });
  for (const name of readdirSync(dir)) utimesSync(join(dir, name), 1, 1);
  for (let at = 1; at <= 32; at++) keep(at, { "": at });
  expect(readdirSync(dir)).toHaveLength(32);
  expect(store.open(line(0), "1")).toBeNull();
  const map = store.open(line(1), "1");
  expect(map?.get("")).toEqual(folder(1));
  map?.close();
});
