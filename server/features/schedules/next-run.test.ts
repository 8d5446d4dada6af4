import { describe, expect, test } from "bun:test";
import {
  firesOn,
  readCron,
} from "@restic-manager/shared/domain/cron-fields.ts";
import { takeRuns } from "@restic-manager/shared/domain/runs.ts";
import { cronText } from "@restic-manager/shared/domain/schedule.ts";
import { scheduleMissed } from "@restic-manager/shared/protocol/event.ts";
import { tableRows } from "../../testing/markdown-table.ts";
import { cronProblem, nextRun } from "./next-run.ts";

const dayMs = 24 * 3_600_000;
const local = /^(\S+), (\d{4}-\d\d-\d\d)$/;

/** Rows of the guide: zone and day, cron text, when it fires that day in the clocks' own time with their offset. */
const documented = tableRows("docs/schedules.md").flatMap(
  ([when = "", cron = "", fires = ""]) => {
    const [, tz, date] = local.exec(when) ?? [];
    return tz === undefined || date === undefined
      ? []
      : [{ tz, date, cron: cron.replaceAll("`", ""), fires }];
  },
);

/** The fires of one day as the clocks of the zone show them. */
function firesOf(cron: string, tz: string, date: string): string {
  const from = Date.parse(`${date}T00:00:00Z`) - dayMs;
  const format = new Intl.DateTimeFormat("sv-SE", {
    timeZone: tz,
    dateStyle: "short",
    timeStyle: "short",
  });
  const offset = new Intl.DateTimeFormat("en", {
    timeZone: tz,
    timeZoneName: "longOffset",
  });
  return takeRuns((at) => nextRun(cron, at, tz), from, 200)
    .filter((at) => format.format(at).startsWith(date))
    .map((at) => {
      const zone = offset
        .formatToParts(at)
        .find(({ type }) => type === "timeZoneName");
      return `${format.format(at).slice(11)} ${zone?.value.slice(3)}`;
    })
    .join(", ");
}

describe("when the clocks change", () => {
  test("the guide has the cases of spring and of autumn, in zones of both halves of the world", () => {
    expect(documented.length).toBeGreaterThanOrEqual(8);
    expect(new Set(documented.map(({ tz }) => tz)).size).toBeGreaterThan(2);
  });

  test.each(documented)(
    "$cron fires in $tz on $date as the guide says: $fires [SCH-03]",
    ({ cron, tz, date, fires }) => expect(firesOf(cron, tz, date)).toBe(fires),
  );
});

describe("what the rule about retention reads of a cron text is what fires", () => {
  test.each([
    "0 3 * * *",
    "0 3 */2 * 1",
    "0 3 1-31 * 5",
    "0 3 13 * fri",
    "0 3 * * 5-7",
    "0 3 * 2,6-8 mon,wed",
    "0 3 5/10 * *",
    "0 3 10-20/3 * */3",
    "0 3 29 2 *",
    "0 3 *,5 * 1",
    "0 3 */10 */3 *",
  ])("%p [SRC-04]", (cron) => {
    const fields = readCron(cron);
    for (
      let day = Date.UTC(2024, 0, 1);
      day < Date.UTC(2026, 0, 1);
      day += dayMs
    ) {
      const next = nextRun(cron, day - 1, "UTC") ?? Infinity;
      const at = new Date(day);
      expect([at.toISOString(), firesOn(fields, at)]).toEqual([
        at.toISOString(),
        next < day + dayMs,
      ]);
    }
  });
});

describe("the guide", () => {
  const texts = tableRows("docs/schedules.md").flatMap(([when, text = ""]) => {
    const cron = /^`((?:\S+ ){4}\S+)`$/.exec(text)?.[1];
    return cron === undefined ? [] : [[when, cron] as const];
  });

  test.each(texts)(
    "has a schedule for %s that is valid: %p [SCH-01]",
    (_, cron) => {
      expect(cronText.parse(cron)).toBe(cron);
      expect(cronProblem(cron, Date.now())).toBeNull();
    },
  );

  test("names every reason for a missed fire", () => {
    const { reason } = scheduleMissed.shape;
    const named = tableRows("docs/schedules.md").flatMap(([first = ""]) =>
      reason.options.filter((option) => first === `\`${option}\``),
    );
    expect(named.toSorted()).toEqual([...reason.options].toSorted());
  });
});
