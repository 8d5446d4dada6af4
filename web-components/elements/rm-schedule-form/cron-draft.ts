import { shownCron } from "../cron-fields.ts";
import { isWhole } from "../whole-number.ts";

export type CronKind = "hourly" | "daily" | "weekly" | "monthly" | "custom";

/** When a schedule fires, as chosen. What belongs to another kind stays, so that going back brings it back. */
export interface CronDraft {
  readonly kind: CronKind;
  /** Hours between fires. */
  readonly every: number;
  readonly minute: string;
  /** `02:30` */
  readonly time: string;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  readonly day: string;
  readonly text: string;
}

/** Divisors of a day: other distances would be uneven at midnight. */
export const hourSteps = [1, 2, 3, 4, 6, 8, 12] as const;

const fresh: CronDraft = {
  kind: "daily",
  every: 1,
  minute: "0",
  time: "02:00",
  weekdays: new Set([1, 2, 3, 4, 5]),
  day: "1",
  text: "",
};

/** The quick pick that says the same as the text, else the text itself. */
export function cronDraft(cron: string): CronDraft {
  const draft = { ...fresh, text: cron };
  const fields = shownCron(cron);
  const [minute, ...others] = fields?.minutes ?? [];
  if (fields === null || minute === undefined || others.length > 0)
    return { ...draft, kind: "custom" };
  const { hours, days, weekdays, months } = fields;
  const time = `${two(hours?.[0] ?? 2)}:${two(minute)}`;
  const picks: readonly CronDraft[] = [
    {
      ...draft,
      kind: "hourly",
      minute: String(minute),
      every: hours === null ? 1 : 24 / hours.length,
    },
    { ...draft, kind: "daily", time },
    { ...draft, kind: "weekly", time, weekdays: new Set(weekdays ?? []) },
    { ...draft, kind: "monthly", time, day: String(days?.[0] ?? 1) },
  ];
  const same = JSON.stringify(fields);
  return months !== null
    ? { ...draft, kind: "custom" }
    : (picks.find(
        (pick) => JSON.stringify(shownCron(cronText(pick))) === same,
      ) ?? { ...draft, kind: "custom" });
}

export function cronText(draft: CronDraft): string {
  const { kind, every, minute, text, day } = draft;
  const [hour = 0, minuteOfHour = 0] = draft.time.split(":").map(Number);
  const at = `${minuteOfHour} ${hour}`;
  switch (kind) {
    case "hourly":
      return `${minute.trim()} ${every === 1 ? "*" : `*/${every}`} * * *`;
    case "daily":
      return `${at} * * *`;
    case "weekly":
      return `${at} * * ${weekdaysText(draft.weekdays)}`;
    case "monthly":
      return `${at} ${day.trim()} * *`;
    case "custom":
      return text.trim();
  }
}

function weekdaysText(weekdays: ReadonlySet<number>): string {
  const days = [...weekdays].sort((a, b) => a - b);
  return days.join(",") === "1,2,3,4,5" ? "1-5" : days.join(",");
}

/** What is missing before the server can be asked about it; null when nothing is. */
export function cronFault({
  kind,
  time,
  weekdays,
  minute,
  day,
  text,
}: CronDraft): string | null {
  if (kind === "hourly" && !isWhole(minute, 0, 59))
    return "Use a minute from 0 to 59.";
  if (kind === "custom" && text.trim() === "")
    return "Use five cron fields, for example 30 2 * * *.";
  if (kind === "weekly" && weekdays.size === 0)
    return "Choose at least one day.";
  if (kind === "monthly" && !isWhole(day, 1, 31))
    return "Use a day from 1 to 31.";
  const needsTime = kind !== "hourly" && kind !== "custom";
  return needsTime && time === "" ? "Choose a time." : null;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
