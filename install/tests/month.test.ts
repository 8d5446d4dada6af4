import { describe, expect, test } from "bun:test";
import { day, instants } from "../month/calendar.ts";
import {
  expected,
  fewDays,
  firesOf,
  moments,
  shortestPause,
  upkeepOf,
  wholeMonth,
} from "../month/story.ts";

const isoOf = (found: readonly number[]) =>
  found.map((at) => new Date(at).toISOString());
const november = Date.UTC(2026, 10, 28);

describe("the calendar of the simulated month", () => {
  test("a time that the clocks skip counts right after, one that comes twice counts once [SCH-03]", () => {
    const times = { zone: "Europe/Berlin", hours: [2], minute: 30 };
    const spring = instants(
      times,
      Date.UTC(2026, 2, 28, 12),
      Date.UTC(2026, 2, 30, 12),
    );
    expect(isoOf(spring)).toEqual([
      "2026-03-29T01:30:00.000Z",
      "2026-03-30T00:30:00.000Z",
    ]);
    const autumn = instants(
      times,
      Date.UTC(2026, 9, 24, 12),
      Date.UTC(2026, 9, 26, 12),
    );
    expect(isoOf(autumn)).toEqual([
      "2026-10-25T00:30:00.000Z",
      "2026-10-26T01:30:00.000Z",
    ]);
  });

  test("hours of the day and days of the week are those of the zone", () => {
    const times = { zone: "Asia/Kolkata", hours: [0, 12], minute: 15 };
    expect(isoOf(instants(times, november, november + day))).toEqual([
      "2026-11-28T06:45:00.000Z",
      "2026-11-28T18:45:00.000Z",
    ]);
    const sundays = instants(
      {
        ...times,
        hours: [4],
        minute: 0,
        on: ({ weekday }) => weekday === 0,
      },
      november,
      november + 7 * day,
    );
    expect(isoOf(sundays)).toEqual(["2026-11-28T22:30:00.000Z"]);
  });
});

describe.each([
  ["the whole month", wholeMonth],
  ["the few days", fewDays],
])("%s", (_, make) => {
  test.each([november, Date.UTC(2027, 2, 20), Date.UTC(2028, 5, 1)])(
    "lies ahead, and its moments are far enough apart, from %d on",
    (now) => {
      const story = make(now);
      expect(story.from).toBeGreaterThan(now);
      const at = moments(story).map((moment) => moment.at);
      const pauses = at.slice(1).map((next, index) => next - (at[index] ?? 0));
      expect(Math.min(...pauses)).toBeGreaterThanOrEqual(shortestPause);
      // A longer leap would look like a host that is offline.
      expect(Math.max(...pauses)).toBeLessThan(0.6 * day);
    },
  );

  test("has a sleep with missed fires, days without the server, a skipped hour and every kind of upkeep [SCH-07] [AGT-06]", () => {
    const story = make(november);
    const [desk, laptop, remote] = story.hosts;
    if (desk === undefined || laptop === undefined || remote === undefined)
      throw new Error("three hosts");
    expect(
      expected(laptop, story).gaps.some(
        ({ reason, fires }) => reason === "asleep" && fires.length > 1,
      ),
    ).toBe(true);
    const [cut] = remote.cutOff;
    expect(firesOf(remote, cut ?? story).length).toBeGreaterThan(1);
    const local = firesOf(desk, story).map((at) =>
      new Date(at).toLocaleTimeString("en-GB", { timeZone: "Europe/Berlin" }),
    );
    expect(local.filter((time) => time === "03:30:00")).toHaveLength(1);
    for (const kind of ["forget", "prune", "check"] as const)
      expect(upkeepOf(story, kind).length, kind).toBeGreaterThan(0);
  });
});
