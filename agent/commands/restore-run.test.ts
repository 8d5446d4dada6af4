import { expect, test } from "bun:test";
import { limitsFor } from "./restore-run.ts";

const limits = { stallMs: 1, limitMs: 2 };

test("a restore over what is there may read one file for as long as that takes [RTR-04]", () => {
  expect(limitsFor(limits, { state: "not_empty" }, "0.19.1")).toEqual({
    limitMs: 2,
  });
  for (const state of ["absent", "empty"] as const)
    expect(limitsFor(limits, { state }, "0.19.1")).toEqual(limits);
  expect(limitsFor(limits, { state: "empty" }, "0.15.2")).toEqual({
    limitMs: 2,
  });
});
