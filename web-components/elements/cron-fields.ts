import { readCron } from "@restic-manager/shared/domain/cron-fields.ts";

/** What a cron text allows, in order; null where it allows everything. */
export interface ShownCron {
  readonly minutes: Numbers;
  readonly hours: Numbers;
  readonly days: Numbers;
  readonly months: Numbers;
  /** 0 is Sunday. */
  readonly weekdays: Numbers;
}

type Numbers = readonly number[] | null;

/** Null for what cannot be read; whether it is a schedule is for the server to say. */
export function shownCron(cron: string): ShownCron | null {
  if (cron.trim().split(/\s+/).length !== 5) return null;
  const { eitherDay, ...fields } = readCron(cron);
  const [minutes, hours, days, months, weekdays] = [
    numbers(fields.minutes, 0, 59),
    numbers(fields.hours, 0, 23),
    numbers(fields.days, 1, 31),
    numbers(fields.months, 1, 12),
    numbers(fields.weekdays, 0, 6),
  ];
  if (
    minutes === undefined ||
    hours === undefined ||
    days === undefined ||
    months === undefined ||
    weekdays === undefined
  )
    return null;
  // Either of the two is enough: one that allows every day leaves the other without effect.
  const isEveryDay = eitherDay && (days === null || weekdays === null);
  return {
    minutes,
    hours,
    months,
    days: isEveryDay ? null : days,
    weekdays: isEveryDay ? null : weekdays,
  };
}

/** Undefined when there is none, or one out of bounds. */
function numbers(
  of: ReadonlySet<number>,
  first: number,
  last: number,
): Numbers | undefined {
  const sorted = [...of].sort((a, b) => a - b);
  const [least = -1] = sorted;
  if (least < first || (sorted.at(-1) ?? 0) > last) return undefined;
  return sorted.length === last - first + 1 ? null : sorted;
}
