import { expect, test } from "bun:test";
import { systemClock } from "../clock.ts";
import { isProcessGone } from "./process-alive.ts";

const minute = 60_000;

test("a process is gone when nobody has its id, or somebody who started later [LCK-01]", () => {
  const now = systemClock.now();
  expect(isProcessGone(process.pid, now)).toBe(false);
  expect(isProcessGone(process.pid, now - 24 * 60 * minute)).toBe(true);
  expect(isProcessGone(2 ** 22 + 1, now)).toBe(true);
  expect(isProcessGone(0, now)).toBe(false);
});

test("a clock that was corrected a little does not make a living process another one [LCK-01]", () => {
  const started = systemClock.now() - process.uptime() * 1000;
  expect(isProcessGone(process.pid, started - minute / 2)).toBe(false);
});
