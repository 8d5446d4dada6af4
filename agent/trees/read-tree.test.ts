import { expect, test } from "bun:test";
import { parseMessage } from "../restic/messages.ts";
import type { ResticRunner } from "../restic/run.ts";
import { mostEntries } from "@restic-manager/shared/domain/tree.ts";
import { createTreeBuilder, FolderTooLargeError } from "./builder.ts";
import type { FolderMap, KnownFolder } from "./folder-store.ts";
import { readChanges, readTree } from "./read-tree.ts";

/** What `restic ls` says of a path; folders end in a slash. */
function line(path: string): string {
  const type = path.endsWith("/") ? "dir" : "file";
  const clean = path.replace(/\/$/, "");
  const name = clean.slice(clean.lastIndexOf("/") + 1);
  return JSON.stringify({
    name,
    type,
    path: clean,
    size: 1,
    struct_type: "node",
  });
}

const head = '{"struct_type":"snapshot"}';
const before = ["/a/", "/a/b/", "/a/b/x", "/a/c/", "/a/c/y", "/d/", "/d/z"];

function saying(paths: readonly string[]): ResticRunner {
  return {
    async run(call) {
      for (const text of [head, ...paths.map(line)])
        call.onMessage?.(parseMessage(text), "stdout", text);
      return {
        exit: { code: 0, signal: null },
        stopped: null,
        meaning: null,
        words: "",
      } as never;
    },
  };
}

const stored = {
  repository: { url: "/repo", credential: { password: "x", env: {} } },
  snapshotId: "1".repeat(64),
};
const deps = (paths: readonly string[]) => ({
  runner: saying(paths),
  signal: new AbortController().signal,
});
const silent = { onTree: () => {}, onFolder: () => {} };

async function mapOf(paths: readonly string[]): Promise<FolderMap> {
  const folders = new Map<string, KnownFolder>();
  await readTree(deps(paths), stored, {
    ...silent,
    onFolder: (path, folder) => void folders.set(path, folder),
  });
  return {
    tree: "t",
    get: (path) => folders.get(path) ?? null,
    update: () => {},
    close: () => {},
  };
}

async function changed(listed: readonly string[], folders: string[]) {
  const from = {
    map: await mapOf(before),
    changes: { folders: new Set(folders), last: folders },
  };
  return readChanges(deps(listed), stored, from, silent);
}

test("folders that are not listed are as they were [RTR-01]", async () => {
  const now = ["/a/", "/a/b/", "/a/b/x", "/a/b/new", "/a/c/", "/d/"];
  const whole = await readTree(
    deps([
      "/a/",
      "/a/b/",
      "/a/b/x",
      "/a/b/new",
      "/a/c/",
      "/a/c/y",
      "/d/",
      "/d/z",
    ]),
    stored,
    silent,
  );
  expect(await changed(now, ["/a", "/a/b"])).toEqual(whole);
});

test.each([
  ["does not look into a folder", ["/a/", "/a/b/", "/a/c/", "/d/"]],
  ["does not list a folder that a backup named", ["/a/", "/a/c/", "/d/"]],
  ["lists nothing", []],
  ["names a folder nobody knows", ["/a/", "/a/b/", "/a/b/x", "/a/e/", "/d/"]],
  ["says things in another order", ["/a/", "/d/", "/a/b/", "/a/b/x", "/a/c/"]],
  [
    "says a name that is not UTF-8",
    ["/a/", "/a/b/", "/a/b/\uFFFD", "/a/c/", "/d/"],
  ],
])("a restic that %s is not believed [RTR-01]", async (_name, listed) => {
  await expect(changed(listed, ["/a", "/a/b"])).rejects.toThrow();
});

test("two names that look the same are shown once and counted twice [RTR-01]", () => {
  const trees: string[] = [];
  const builder = createTreeBuilder({
    onTree: (_id, text) => void trees.push(text),
    onFolder: () => {},
    known: () => null,
  });
  const entry = { n: "\uFFFD", t: "file", s: 1, m: 0, p: "100644" } as const;
  builder.add({ folder: "", entry });
  builder.add({ folder: "", entry });
  expect(builder.end().files).toBe(2);
  expect(JSON.parse(trees[0] ?? "")).toHaveLength(1);
});

test("a folder with more in it than a server takes ends the listing [RTR-01]", () => {
  const builder = createTreeBuilder({ ...silent, known: () => null });
  const entry = { t: "file", s: 0, m: 0, p: "100644" } as const;
  const add = (n: string) =>
    builder.add({ folder: "", entry: { ...entry, n } });
  for (let at = 0; at < mostEntries; at += 1) add(`${at}`);
  expect(() => add("one more")).toThrow(FolderTooLargeError);
});
