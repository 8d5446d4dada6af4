/** A day of the browser's zone as `2026-11-22`. */
export function dayOf(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** How many of them there are on each day. */
export function countByDay(
  times: readonly number[],
): ReadonlyMap<string, number> {
  const days = new Map<string, number>();
  for (const at of times) {
    const day = dayOf(at);
    days.set(day, (days.get(day) ?? 0) + 1);
  }
  return days;
}

/** Noon, which every day has, also those on which clocks change. */
export function noonOf(day: string): Date {
  return new Date(`${day}T12:00:00`);
}

export function addDays(day: string, days: number): string {
  const date = noonOf(day);
  date.setDate(date.getDate() + days);
  return dayOf(date.getTime());
}

/** The same day of another month, or the last one that it has. */
export function addMonths(day: string, months: number): string {
  const date = noonOf(day);
  const wanted = date.getDate();
  date.setDate(1);
  date.setMonth(date.getMonth() + months);
  const last = new Date(date.getFullYear(), date.getMonth() + 1, 0).getDate();
  date.setDate(Math.min(wanted, last));
  return dayOf(date.getTime());
}

/** The weeks, from Monday on, that a month lies in. */
export function weeksOf(month: string): string[][] {
  const first = `${month}-01`;
  const weekday = (noonOf(first).getDay() + 6) % 7;
  const monday = addDays(first, -weekday);
  const weeks: string[][] = [];
  for (
    let start = monday;
    start.slice(0, 7) <= month;
    start = addDays(start, 7)
  )
    weeks.push([0, 1, 2, 3, 4, 5, 6].map((n) => addDays(start, n)));
  return weeks;
}
