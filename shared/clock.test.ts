import { expect, test } from "bun:test";
import { delay, every, toTimestamp } from "./clock.ts";
import { createManualClock } from "./testing/manual-clock.ts";

test("what repeats comes after each interval until it is cancelled", async () => {
  const clock = createManualClock(0);
  const at: number[] = [];
  const cancel = every(clock, 10, () => at.push(clock.now()));
  await clock.advance(35);
  cancel();
  await clock.advance(100);
  expect(at).toEqual([10, 20, 30]);
  expect(clock.pending()).toBe(0);
});

test("what repeats can be cancelled by itself", async () => {
  const clock = createManualClock(0);
  let runs = 0;
  const cancel = every(clock, 10, () => {
    runs += 1;
    cancel();
  });
  await clock.advance(100);
  expect(runs).toBe(1);
});

test("a delay ends in time, or when it is aborted, and leaves nothing behind", async () => {
  const clock = createManualClock(0);
  const stop = new AbortController();
  const listeners = new Set<() => void>();
  const signal = {
    get aborted() {
      return stop.signal.aborted;
    },
    addEventListener: (_type: "abort", listener: () => void) =>
      void listeners.add(listener),
    removeEventListener: (_type: "abort", listener: () => void) =>
      void listeners.delete(listener),
  };
  const ended: string[] = [];
  void delay(clock, 10, signal).then(() => ended.push("in time"));
  void delay(clock, 1000, signal).then(() => ended.push("aborted"));
  await clock.advance(10);
  expect(ended).toEqual(["in time"]);
  expect(listeners.size).toBe(1);
  stop.abort();
  for (const listener of listeners) listener();
  await clock.advance(0);
  expect(ended).toEqual(["in time", "aborted"]);
  expect(listeners.size + clock.pending()).toBe(0);
  await delay(clock, 1000, signal);
});

test("instants are written in UTC with milliseconds", () => {
  expect(toTimestamp(0)).toBe("1970-01-01T00:00:00.000Z");
});
