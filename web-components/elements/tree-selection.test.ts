import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";
import { expect, test } from "bun:test";
import {
  chosenState,
  commonFolders,
  type Selection,
  sumOf,
  toggled,
} from "./tree-selection.ts";

const names: Readonly<Record<string, readonly string[]>> = {
  "/": ["etc", "srv"],
  "/srv": ["shop", "wiki"],
  "/srv/shop": ["app.toml", "media", "secrets.age"],
};
const namesIn = (folder: string) => names[folder] ?? null;

function select(...paths: string[]): Selection {
  return new Set(paths);
}

test("a folder is on, off, or partly on", () => {
  const selection = select("/srv/shop", "/etc/hosts");
  expect(chosenState(selection, "/srv/shop")).toBe("on");
  expect(chosenState(selection, "/srv/shop/media/a")).toBe("on");
  expect(chosenState(selection, "/srv")).toBe("mixed");
  expect(chosenState(selection, "/")).toBe("mixed");
  expect(chosenState(selection, "/srv/shop-old")).toBe("off");
  expect(chosenState(select("/"), "/srv/wiki")).toBe("on");
});

test("a folder takes the place of what was chosen in it", () => {
  expect(toggled(select("/srv/shop/media", "/etc"), "/srv", namesIn)).toEqual(
    select("/etc", "/srv"),
  );
  expect(toggled(select("/etc"), "/etc", namesIn)).toEqual(select());
});

test("what is left out of a chosen folder leaves what lies beside it, on every level", () => {
  expect(
    toggled(select("/srv", "/etc"), "/srv/shop/secrets.age", namesIn),
  ).toEqual(
    select("/etc", "/srv/wiki", "/srv/shop/app.toml", "/srv/shop/media"),
  );
  expect(toggled(select("/"), "/etc", namesIn)).toEqual(select("/srv"));
});

test("nothing is guessed about folders that are not wholly known", () => {
  expect(toggled(select("/srv"), "/srv/wiki/a", namesIn)).toContain(
    "Not every name in this folder is here yet",
  );
});

test("more than a restore takes is refused", () => {
  const many = Array.from({ length: 502 }, (_, n) => `${n}`);
  expect(toggled(select("/big"), "/big/7", () => many)).toContain(
    "more than 500",
  );
});

test("sizes are summed, and what is not known is counted", () => {
  const entries: Readonly<Record<string, TreeEntry>> = {
    "/srv": { n: "srv", t: "dir", s: 900, m: 0, p: "40755", c: 7 },
    "/etc/hosts": { n: "hosts", t: "file", s: 90, m: 0, p: "100644" },
  };
  const entryAt = (path: string) => entries[path];
  expect(sumOf(select("/srv", "/etc/hosts", "/gone"), entryAt)).toEqual({
    files: 8,
    bytes: 990,
    unknown: 1,
  });
});

test("what can be left out of the restored paths is what all of them have in common", () => {
  const entryAt = (path: string): TreeEntry => ({
    n: path,
    t: path.includes(".") ? "file" : "dir",
    s: 0,
    m: 0,
    p: "",
  });
  expect(commonFolders(select("/home/ada"), entryAt)).toEqual([
    "/home",
    "/home/ada",
  ]);
  expect(commonFolders(select("/home/ada/a.txt"), entryAt)).toEqual([
    "/home",
    "/home/ada",
  ]);
  expect(commonFolders(select("/home/ada/x", "/home/bob"), entryAt)).toEqual([
    "/home",
  ]);
  expect(commonFolders(select("/home", "/etc"), entryAt)).toEqual([]);
});
