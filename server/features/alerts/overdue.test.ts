import { expect, test } from "bun:test";
import { nextRun } from "../schedules/next-run.ts";
import { isOverdue } from "./overdue.ts";

const overdueFrom = (
  cron: string,
  since: string,
  { tz = "UTC", alwaysOn = true } = {},
) => {
  const waiting = { cron, tz, alwaysOn, since: Date.parse(since) };
  const minute = 60_000;
  for (let now = waiting.since; ; now += minute)
    if (isOverdue(waiting, now, nextRun)) return new Date(now).toISOString();
};

test("a daily backup is overdue after a day and a half [ALR-03]", () => {
  expect(overdueFrom("0 2 * * *", "2026-01-01T02:10:00Z")).toBe(
    "2026-01-02T14:11:00.000Z",
  );
});

test("a weekend without a run is no missing backup [ALR-03]", () => {
  // Friday; the next run is on Monday.
  expect(overdueFrom("0 2 * * 1-5", "2026-01-02T02:10:00Z")).toBe(
    "2026-01-05T14:01:00.000Z",
  );
});

test("a host that comes and goes has a week [ALR-03]", () => {
  const asleep = { alwaysOn: false };
  expect(overdueFrom("0 2 * * *", "2026-01-01T02:10:00Z", asleep)).toBe(
    "2026-01-08T02:11:00.000Z",
  );
  // A monthly one is not overdue after a week.
  expect(
    overdueFrom("0 2 1 * *", "2026-01-01T02:10:00Z", asleep) > "2026-02-01",
  ).toBe(true);
});

test("fires are reckoned in the host's zone [ALR-03]", () => {
  const since = "2026-01-01T12:00:00Z";
  // 02:00 in Tokyo is 17:00 of the day before; both wait for a day and a half at least.
  expect(overdueFrom("0 2 * * *", since, { tz: "Asia/Tokyo" })).toBe(
    "2026-01-03T00:01:00.000Z",
  );
  expect(
    isOverdue(
      { cron: "0 2 * * 1", tz: "Pacific/Auckland", since: 0, alwaysOn: true },
      1,
      nextRun,
    ),
  ).toBe(false);
});

test("a cron text that never fires, and a zone nobody knows, raise nothing [ALR-03]", () => {
  const since = 0;
  const now = Date.parse("2026-01-01T00:00:00Z");
  const of = (cron: string, tz: string) =>
    isOverdue({ cron, tz, since, alwaysOn: true }, now, nextRun);
  expect(of("0 0 31 2 *", "UTC")).toBe(false);
  expect(of("0 0 * * *", "Mars/Olympus")).toBe(false);
});
