import { expect, test } from "bun:test";
import {
  atLeast,
  limitsOf,
  recommendedRestic,
  resticLimits,
} from "./restic-version.ts";

test("versions compare by number, not by letter", () => {
  expect(atLeast("0.14.0", "0.14.0")).toBe(true);
  expect(atLeast("0.9.6", "0.14.0")).toBe(false);
  expect(atLeast("0.14", "0.14.0")).toBe(true);
  expect(atLeast("1.0.0", "0.19.1")).toBe(true);
});

test("the older a restic is, the more it cannot do [RST-06]", () => {
  const all: string[] = Object.keys(resticLimits);
  expect<string[]>(limitsOf("0.14.0")).toEqual(all);
  expect(limitsOf("0.16.5")).toEqual([
    "snapshot_size",
    "added_packed",
    "reasons",
    "disk_full",
  ]);
  expect(limitsOf("0.17.3")).toEqual(["disk_full"]);
  expect(limitsOf("0.19.1")).toEqual([]);
});

test("the recommended restic lacks nothing, and one that is not known is not blamed [RST-06]", () => {
  expect(limitsOf(recommendedRestic)).toEqual([]);
  expect(limitsOf(null)).toEqual([]);
});
