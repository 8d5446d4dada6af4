import { expect, test } from "bun:test";
import {
  createChangedFolders,
  type MadeSnapshot,
} from "../restic/changed-folders.ts";
import { replay, versions } from "../restic/fixtures/replay.ts";
import { createMadeSnapshots } from "./made-snapshots.ts";

function made(
  id: string,
  tree: string,
  parentTree: string | null,
  folders: MadeSnapshot["folders"],
): MadeSnapshot {
  return { id, tree, parentTree, folders, hostname: "h", paths: ["/srv"] };
}

test("what changed over several backups is what changed in each [RTR-01]", () => {
  const snapshots = createMadeSnapshots();
  snapshots.add(made("1", "t1", "t0", ["/srv"]));
  snapshots.add(made("2", "t2", "t1", ["/srv", "/srv/a"]));
  snapshots.add(made("3", "t3", "t2", ["/srv", "/srv/b"]));
  expect(snapshots.since("3", "t2")).toEqual({
    folders: new Set(["/srv", "/srv/b"]),
    last: ["/srv", "/srv/b"],
  });
  expect(snapshots.since("3", "t1")?.folders).toEqual(
    new Set(["/srv", "/srv/a", "/srv/b"]),
  );
  expect(snapshots.since("3", "t0")?.last).toEqual(["/srv", "/srv/b"]);
});

test("nothing is known where a backup in between is not, or said too much [RTR-01]", () => {
  const snapshots = createMadeSnapshots();
  snapshots.add(made("1", "t1", null, ["/srv"]));
  snapshots.add(made("2", "t2", "t1", null));
  snapshots.add(made("3", "t3", "t2", ["/srv"]));
  snapshots.add(made("4", "t4", "t4", ["/srv"]));
  expect(snapshots.since("1", "t0")).toBeNull();
  expect(snapshots.since("3", "t1")).toBeNull();
  expect(snapshots.since("4", "t1")).toBeNull();
  expect(snapshots.since("unknown", "t1")).toBeNull();
  const many = (letter: string) =>
    Array.from({ length: 300 }, (_, at) => `/srv/${letter}${at}`);
  snapshots.add(made("5", "t5", "t3", many("a")));
  snapshots.add(made("6", "t6", "t5", many("b")));
  expect(snapshots.since("6", "t5")).not.toBeNull();
  expect(snapshots.since("6", "t3")).toBeNull();
});

test("the last snapshots are remembered, the others forgotten [RTR-01]", () => {
  const snapshots = createMadeSnapshots();
  for (let at = 1; at <= 60; at++)
    snapshots.add(made(`${at}`, `t${at}`, `t${at - 1}`, []));
  expect(snapshots.of("10")).toBeUndefined();
  expect(snapshots.of("60")?.tree).toBe("t60");
  expect(snapshots.since("60", "t5")).toBeNull();
});

test.each(versions)(
  "restic %s names the folders above everything that changed, and no others [RTR-01] [RST-01]",
  (version) => {
    const folders = createChangedFolders();
    for (const message of replay(version, "backup-changed").messages)
      folders.add(message);
    expect(folders.list()?.toSorted()).toEqual([
      "/tmp",
      "/tmp/restic-fixture",
      "/tmp/restic-fixture/data",
    ]);
  },
);

test.each([
  ["too many", Array.from({ length: 501 }, (_, at) => `/${at}/`)],
  [
    "too long",
    Array.from({ length: 20 }, (_, at) => `/${at}${"x".repeat(4000)}/`),
  ],
  ["not UTF-8", ["/a\uFFFD/"]],
  ["with a backslash at the end", ["/a\\"]],
])("changed folders that are %s are not named [RTR-01]", (_name, paths) => {
  const folders = createChangedFolders();
  for (const path of paths) folders.add({ type: "folder", path });
  expect(folders.list()).toBeNull();
});
