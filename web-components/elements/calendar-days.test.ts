import { expect, test } from "bun:test";
import { addDays, addMonths, countByDay, weeksOf } from "./calendar-days.ts";

test("a month is drawn in whole weeks from Monday on", () => {
  const weeks = weeksOf("2026-11");
  expect(weeks[0]).toContain("2026-11-01");
  expect(weeks[0]?.[0]).toBe("2026-10-26");
  expect(weeks.at(-1)).toContain("2026-11-30");
  expect(weeks.every((week) => week.length === 7)).toBe(true);
  expect(weeksOf("2027-02")).toHaveLength(4);
});

test("days and months go on over their ends", () => {
  expect(addDays("2026-12-31", 1)).toBe("2027-01-01");
  expect(addDays("2026-03-29", -1)).toBe("2026-03-28");
  expect(addMonths("2027-01-31", 1)).toBe("2027-02-28");
  expect(addMonths("2026-01-15", -1)).toBe("2025-12-15");
});

test("snapshots are counted by day", () => {
  const noon = new Date(2026, 10, 22, 12).getTime();
  expect([...countByDay([noon, noon + 60_000, noon - 86_400_000])]).toEqual([
    ["2026-11-22", 2],
    ["2026-11-21", 1],
  ]);
});
