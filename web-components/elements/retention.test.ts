import { expect, test } from "bun:test";
import { gapsOf, retentionPreview } from "./retention-preview.ts";
import { retentionRules, retentionSum } from "./retention-words.ts";

const hour = 3_600_000;
const day = 24 * hour;
const now = Date.UTC(2026, 10, 22, 9, 41);

test("the preview keeps what restic keeps of daily backups [UI-06]", () => {
  const { ages, isOpen } = retentionPreview(
    { last: 3, daily: 7, weekly: 5, monthly: 12, yearly: 2 },
    [day],
    now,
  );
  // Days 0-6; the ends of weeks before; the ends of months and of a year before those.
  expect(ages.map((age) => Math.round(age / day))).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7, 14, 21, 22, 28, 53, 83, 114, 145, 175, 206, 236,
    267, 295, 326,
  ]);
  expect(isOpen).toBe(false);
});

test("rules of numbers keep as many as they say", () => {
  expect(retentionPreview({ last: 5 }, [hour], now).ages).toHaveLength(5);
  expect(retentionPreview({ hourly: 24 }, [hour / 4], now).ages).toHaveLength(
    24,
  );
  expect(retentionPreview({ yearly: 10 }, [day], now).ages).toHaveLength(10);
});

test("rules of age keep what is young enough", () => {
  const kept = retentionPreview({ within: "2d" }, [hour], now).ages;
  expect(kept).toHaveLength(48);
  expect(
    retentionPreview({ within_daily: "1m" }, [hour], now).ages,
  ).toHaveLength(32);
});

test("a policy with more to keep than is looked at says so", () => {
  const preview = retentionPreview({ last: 9999 }, [hour], now);
  expect(preview.isOpen).toBe(true);
  expect(retentionSum(preview).snapshots).toStartWith("more than 2,0");
});

test("the densest of a group's schedules decides; without one it is once a day", () => {
  const daily = ["2026-11-23T02:00:00Z", "2026-11-24T02:00:00Z"];
  const often = ["2026-11-22T10:00:00Z", "2026-11-22T16:00:00Z"];
  expect(gapsOf([daily, often])).toEqual([6 * hour]);
  expect(gapsOf([])).toEqual([day]);
  expect(gapsOf([["2026-11-23T02:00:00Z"]])).toEqual([day]);
});

test("a policy is said in words [UI-06]", () => {
  expect(
    retentionRules({
      last: 3,
      daily: 7,
      weekly: 1,
      monthly: 12,
      within: "1y6m",
      within_hourly: "2d",
      tags: ["release", "keep"],
    }),
  ).toEqual([
    "every one of the last 1 year 6 months",
    "the last 3",
    "one an hour of the last 2 days",
    "one a day for 7 days",
    "the newest of the last week",
    "one a month for 12 months",
    "all with the tag release or keep",
  ]);
  expect(
    retentionSum(retentionPreview({ daily: 7, monthly: 12 }, [day], now)),
  ).toEqual({ snapshots: "18", oldest: "11 months" });
});

test("tags alone are no policy: everything is kept", () => {
  expect(retentionRules({ tags: ["keep"] })).toEqual([]);
});
