import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { expect, test } from "bun:test";
import { createSeldom } from "./seldom.ts";

test("what is said too often is said seldom, with how much was left out [LOG-01]", async () => {
  const clock = createManualClock();
  const seldom = createSeldom(clock);
  const told: number[] = [];
  for (let n = 0; n < 1_000; n++) seldom((leftOut) => told.push(leftOut));
  expect(told).toEqual(Array.from({ length: 50 }, () => 0));
  await clock.advance(1_000);
  for (let n = 0; n < 3; n++) seldom((leftOut) => told.push(leftOut));
  await clock.advance(1_000);
  seldom((leftOut) => told.push(leftOut));
  expect(told.slice(50)).toEqual([950, 2]);
});
