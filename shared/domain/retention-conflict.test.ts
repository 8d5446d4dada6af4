import { expect, test } from "bun:test";
import { readCron } from "./cron-fields.ts";
import { retentionConflict } from "./retention-conflict.ts";

const nightly = "30 2 * * *";
const sundays = "0 4 * * 0";
const monthly = "0 5 1 * *";

test.each([
  ["hourly", { hourly: 24 }, [nightly]],
  ["hourly", { hourly: 24, daily: 7 }, ["*/5 2 * * *"]],
  [null, { hourly: 24 }, ["0 */6 * * *"]],
  [null, { hourly: 24 }, [nightly, "0 14 * * *"]],
  ["hourly", { hourly: 24 }, [nightly, "45 2 * * *"]],
  [null, { daily: 7, weekly: 5, monthly: 12, yearly: 3 }, [nightly]],
  ["daily", { daily: 7 }, [sundays]],
  [null, { daily: 7 }, [sundays, "0 4 * * wed"]],
  [null, { weekly: 5 }, [sundays]],
  ["weekly", { weekly: 5, monthly: 12 }, [monthly]],
  ["monthly", { monthly: 12 }, ["0 5 1 1 *"]],
  [null, { yearly: 3 }, ["0 5 1 1 *"]],
  ["hourly", { within_hourly: "2d" }, [nightly]],
  ["daily", { within_daily: "1m", last: 3 }, [sundays]],
  ["hourly", { hourly: 24, daily: 7 }, [sundays]],
  [null, { last: 30 }, [monthly]],
  [null, {}, [nightly]],
  [null, { hourly: 24 }, []],
] as const)(
  "%p is finer than the schedules: %j with %j [SRC-04]",
  (expected, policy, crons) => {
    expect(retentionConflict(policy, crons)).toBe(expected);
  },
);

test("an hourly schedule of one day a month makes hours useful, days not [SRC-04]", () => {
  expect(retentionConflict({ hourly: 24 }, ["0 * 1 * *"])).toBeNull();
  expect(retentionConflict({ daily: 7 }, ["0 * 1 * *"])).toBe("daily");
});

test("a cron text is read with names, ranges, lists and steps", () => {
  const fields = readCron("5 8-18/5,23 */10 JAN,jun-aug mon-fri/2");
  expect([...fields.hours]).toEqual([8, 13, 18, 23]);
  expect([...fields.days]).toEqual([1, 11, 21, 31]);
  expect([...fields.months]).toEqual([1, 6, 7, 8]);
  expect([...fields.weekdays]).toEqual([1, 3, 5]);
  expect([...readCron("0 0 * * 7").weekdays]).toEqual([0]);
});
