import { expect, test } from "bun:test";
import { createSlots } from "./slots.ts";

test("two work, two wait in order, and the fifth is turned away until there is room again", async () => {
  const slots = createSlots(2, 2);
  const ends: (() => void)[] = [];
  const begun: number[] = [];
  const work = (number: number) =>
    slots(() => {
      begun.push(number);
      return new Promise<number>((resolve) => ends.push(() => resolve(number)));
    });

  const all = [work(1), work(2), work(3), work(4)];
  await expect(work(5)).rejects.toMatchObject({ code: "rate_limited" });
  expect(begun).toEqual([1, 2]);

  for (let ended = 0; ended < 4; ended++) {
    ends[ended]?.();
    await all[ended];
  }
  expect(begun).toEqual([1, 2, 3, 4]);
  const next = work(6);
  ends[4]?.();
  expect(await next).toBe(6);
});
