import { expect, test } from "bun:test";

import {
  countTests,
  failedTests,
  secondAttempts,
  sum,
} from "../lib/count-tests.ts";

const summary = (lines: string): string =>
  `bun test v1.4.5\n\na.test.ts:\n(pass) says 3 fail\n\n${lines}\nRan 4 tests across 1 file. [12.00ms]\n`;

test("passes and failures are read from the summary", () => {
  expect(countTests(summary(" 3 pass\n 1 fail"), 1)).toEqual({
    passed: 3,
    failed: 1,
  });
});

test("a skipped test counts as failed", () => {
  expect(countTests(summary(" 3 pass\n 1 skip\n 0 fail"), 0).failed).toBe(1);
});

test("a file that does not load counts as failed", () => {
  expect(countTests(summary(" 0 pass\n 1 fail\n 1 error"), 1).failed).toBe(2);
});

test("a crash without a summary counts as failed", () => {
  expect(countTests("Segmentation fault", 139)).toEqual({
    passed: 0,
    failed: 1,
  });
});

test("a run without tests counts as failed", () => {
  expect(countTests(summary(" 0 pass\n 0 fail"), 0).failed).toBe(1);
});

test("counts of several runs add up", () => {
  const counts = [
    { passed: 2, failed: 0 },
    { passed: 3, failed: 1 },
  ];
  expect(sum(counts)).toEqual({ passed: 5, failed: 1 });
});

test("what failed is named once, with the reason a run gave up", () => {
  const output = summary(
    "(fail) group > saves it [SRC-01] [3.00ms]\nerror: no such file\n 3 pass\n 1 fail",
  );
  expect(failedTests(output + output)).toEqual([
    "(fail) group > saves it [SRC-01] [3.00ms]",
    "error: no such file",
  ]);
});

test("what passed only when it was tried again is named", () => {
  const output = summary(
    "(pass) saves it [SRC-01] (attempt 2) [3.00ms]\n(fail) loses it (attempt 2) [1.00ms]\n 3 pass\n 1 fail",
  );
  expect(secondAttempts(output)).toEqual([
    "(pass) saves it [SRC-01] (attempt 2) [3.00ms]",
  ]);
});
