export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** Every day, or on some days, at some hours of a zone's wall clock. */
export interface Times {
  readonly zone: string;
  readonly hours: readonly number[];
  readonly minute: number;
  /** Absent: every day. */
  readonly on?: (date: CalendarDay) => boolean;
}

export interface CalendarDay {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  /** 0 is Sunday. */
  readonly weekday: number;
}

/**
 * The instants after `from` and before `to` at which a wall clock shows these times, worked out without the product: a time
 * that comes twice counts once, the first time; one that a change of the clocks skips counts as if it had not been changed.
 */
export function instants(times: Times, from: number, to: number): number[] {
  const found: number[] = [];
  for (let at = from - 2 * day; at < to + 2 * day; at += day) {
    const date = calendarDay(at);
    if (times.on !== undefined && !times.on(date)) continue;
    for (const hours of times.hours) {
      const instant = instantOf(times.zone, date, hours, times.minute);
      if (instant > from && instant < to) found.push(instant);
    }
  }
  return found.toSorted((a, b) => a - b);
}

function calendarDay(at: number): CalendarDay {
  const date = new Date(at);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
  };
}

function instantOf(
  zone: string,
  { year, month, day: dayOfMonth }: CalendarDay,
  hours: number,
  minutes: number,
): number {
  const wall = Date.UTC(year, month - 1, dayOfMonth, hours, minutes);
  const before = wall - offset(zone, wall - day);
  const after = wall - offset(zone, wall + day);
  const shown = [before, after].filter((at) => at + offset(zone, at) === wall);
  return shown.length === 0 ? before : Math.min(...shown);
}

/** How far a zone's wall clock is ahead of UTC. */
function offset(zone: string, at: number): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(at);
  const of = (type: string) =>
    Number(parts.find((part) => part.type === type)?.value);
  const shown = Date.UTC(
    of("year"),
    of("month") - 1,
    of("day"),
    of("hour"),
    of("minute"),
    of("second"),
  );
  return shown - Math.floor(at / 1000) * 1000;
}

/** Midnight UTC of the last Sunday of a month, on which Europe changes its clocks in March. */
export function lastSunday(year: number, month: number): number {
  const last = new Date(Date.UTC(year, month, 0));
  return last.getTime() - last.getUTCDay() * day;
}
