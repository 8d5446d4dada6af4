import { expect, test } from "bun:test";
import { cronRangeFault } from "./cron-range.ts";

test.each([
  ["99 * * * *", "Use a minute from 0 to 59, not 99."],
  ["0 24 * * *", "Use an hour from 0 to 23, not 24."],
  ["0 0 1,0 * *", "Use a day from 1 to 31, not 0."],
  ["0 0 * 10-13 *", "Use a month from 1 to 12 or jan to dec, not 10-13."],
  ["0 0 * FOO *", "Use a month from 1 to 12 or jan to dec, not foo."],
  ["0 0 * * 8", "Use a weekday from 0 (Sunday) to 7 or sun to sat, not 8."],
  ["mon 0 * * *", "Use a minute from 0 to 59, not mon."],
  ["0 , * * *", "Use an hour from 0 to 23, not nothing."],
])("%p names the field and its range: %p [SCH-01]", (cron, fault) => {
  expect(cronRangeFault(cron)).toBe(fault);
});

test("what fires is not refused, and what is refused does not fire [SCH-01]", () => {
  const parts = ["*", "0", "7", "31", "59", "60", "1-5", "5-70", "*/99", "5/2"];
  const names = ["jan", "MON", "mon-fri", "jan-feb", "1,mon", "-", "1-", "**"];
  for (const field of [...parts, ...names])
    for (let at = 0; at < 5; at++) {
      const cron = ["*", "*", "*", "*", "*"].with(at, field).join(" ");
      expect([cron, cronRangeFault(cron) !== null]).toEqual([
        cron,
        isOutOfRange(cron),
      ]);
    }
});

function isOutOfRange(cron: string): boolean {
  try {
    Bun.cron.parse(cron, 0, { tz: "UTC" });
    return false;
  } catch (error) {
    return /out of range|unrecognized/.test(String(error));
  }
}
