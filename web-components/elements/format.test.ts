import { expect, test } from "bun:test";
import { bytes, duration, plural, relativeTime, timeIn } from "./format.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

test("relative times step from seconds to months", () => {
  const cases: [number, string][] = [
    [-10_000, "just now"],
    [-2 * minute, "2m ago"],
    [-59.9 * minute, "1h ago"],
    [-3 * hour, "3h ago"],
    [-26 * hour, "yesterday"],
    [-3 * day, "3d ago"],
    [-90 * day, "3mo ago"],
    [14 * hour, "in 14h"],
  ];
  for (const [delta, text] of cases) expect(relativeTime(delta, 0)).toBe(text);
});

test("sizes are in SI units, with three figures at most", () => {
  expect(bytes(0)).toBe("0\u00a0B");
  expect(bytes(999)).toBe("999\u00a0B");
  expect(bytes(999_600)).toBe("1\u00a0MB");
  expect(bytes(1_240_000_000_000)).toBe("1.2\u00a0TB");
});

test("durations show two units", () => {
  expect(duration(45_000)).toBe("45s");
  expect(duration(185_000)).toBe("3m 05s");
  expect(duration(2 * hour + 10 * minute)).toBe("2h 10m");
});

test("a moment can be read in a host's zone", () => {
  expect(timeIn("Asia/Tokyo", Date.UTC(2026, 10, 22, 20, 0), "dayTime")).toBe(
    "Mon 23 Nov, 05:00",
  );
});

test("counts agree with their nouns", () => {
  expect(plural(1, "host")).toBe("1 host");
  expect(plural(1200, "host")).toBe("1,200 hosts");
});
