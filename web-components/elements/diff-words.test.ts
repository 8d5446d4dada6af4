import { expect, test } from "bun:test";
import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";
import { type Change, changeText, sumText } from "./diff-words.ts";

const file: TreeEntry = { n: "a", t: "file", s: 1200, m: 1000, p: "100644" };

function change(
  before: Partial<TreeEntry> | null,
  after: Partial<TreeEntry> | null,
): Change {
  const whole = (some: Partial<TreeEntry> | null) =>
    some === null ? null : { ...file, ...some };
  return {
    n: "a",
    kind: "changed",
    before: whole(before),
    after: whole(after),
    sum: null,
  };
}

test("a sum leaves out what did not happen [DIF-01]", () => {
  const none = { bytes_added: 0, bytes_removed: 0 };
  expect(sumText({ added: 1200, removed: 0, changed: 3, ...none })).toBe(
    "1,200 added, 3 changed",
  );
  expect(sumText({ added: 0, removed: 0, changed: 0, ...none })).toBe(
    "nothing",
  );
});

test("a change says what is different, and not only that something is [DIF-01]", () => {
  expect(changeText(change({}, { s: 2400 }))).toBe("1.2\u00a0kB → 2.4\u00a0kB");
  expect(changeText(change({}, { p: "100600" }))).toBe(
    "permissions 100644 → 100600",
  );
  expect(changeText(change({ u: 0, g: 0 }, { u: 1000, g: 1000 }))).toBe(
    "owner 0:0 → 1000:1000",
  );
  expect(changeText(change({}, { m: 1_795_000_000 }))).toStartWith("written ");
  expect(changeText(change({}, { t: "dir" }))).toBe("file became a folder");
});

test("a new or removed file has its size with its sign, a symbolic link where it leads [DIF-01]", () => {
  expect(changeText(change(null, {}))).toBe("+1.2\u00a0kB");
  expect(changeText(change({}, null))).toBe("−1.2\u00a0kB");
  expect(changeText(change({ t: "symlink", l: "/etc" }, null))).toBe("→ /etc");
  expect(changeText(change(null, { t: "dir" }))).toBe("");
});

test("characters of a link's target that hide others are shown by number", () => {
  expect(changeText(change({ t: "symlink", l: "a\nb" }, null))).not.toContain(
    "\n",
  );
});
