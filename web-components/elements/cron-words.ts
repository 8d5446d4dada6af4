import { type ShownCron, shownCron } from "./cron-fields.ts";

const months =
  "January February March April May June July August September October November December".split(
    " ",
  );
const weekdays =
  "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

/** A cron text in words, such as `Daily at 02:37`; one that is none stays as it is written. */
export function cronInWords(cron: string): string {
  const fields = shownCron(cron);
  if (fields === null) return cron;
  const days = daysInWords(fields);
  const times = timesInWords(fields);
  if (days === "")
    return capital(times.startsWith("at ") ? `daily ${times}` : times);
  return capital(
    times.startsWith("at ") ? `${days} ${times}` : `${times}, ${days}`,
  );
}

/** Empty for every day. */
function daysInWords({ days, months: of, weekdays: on }: ShownCron): string {
  const inMonths =
    of === null
      ? ""
      : ` in ${listed(runs(of, (month) => months[month - 1] ?? ""))}`;
  const onDays =
    days === null
      ? ""
      : `${of === null ? "monthly " : ""}on the ${listed(runs(days, ordinal))}`;
  const onWeekdays = on === null ? "" : listed(weekRuns(on));
  if (days === null && on === null)
    return of === null ? "" : `daily${inMonths}`;
  // cron fires where either holds when both are given.
  return `${[onDays, onWeekdays].filter(Boolean).join(" or ")}${inMonths}`;
}

function timesInWords({ minutes, hours }: ShownCron): string {
  const minute = minutes?.length === 1 ? minutes[0] : undefined;
  if (minute === undefined) {
    const step = stepOf(minutes, 60);
    const often =
      step === 1
        ? "every minute"
        : step !== null
          ? `every ${step} minutes`
          : `hourly at ${listed((minutes ?? []).map((at) => `:${two(at)}`))}`;
    return hours === null ? often : `${often} in ${hoursInWords(hours)}`;
  }
  if (hours === null) return `hourly at :${two(minute)}`;
  const step = stepOf(hours, 24);
  if (step === 1) return `hourly at :${two(minute)}`;
  if (step !== null && hours.length > 2)
    return `every ${step} hours at :${two(minute)}`;
  if (hours.length > 3 && isRun(hours))
    return `hourly from ${two(hours[0])}:${two(minute)} to ${two(hours.at(-1))}:${two(minute)}`;
  return `at ${listed(hours.map((hour) => `${two(hour)}:${two(minute)}`))}`;
}

function hoursInWords(hours: readonly number[]): string {
  return `the hours ${listed(runs(hours, two))}`;
}

/** 15 for 0, 15, 30, 45 of 60; null when the numbers are not spread evenly over the whole. */
function stepOf(numbers: readonly number[] | null, of: number): number | null {
  if (numbers === null) return 1;
  const step = (numbers[1] ?? 0) - (numbers[0] ?? 0);
  const isEven =
    numbers[0] === 0 &&
    step > 0 &&
    step * numbers.length === of &&
    numbers.every((number, index) => number === index * step);
  return isEven ? step : null;
}

function isRun(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => number === (numbers[0] ?? 0) + index);
}

/** Numbers that follow each other are said as from and to. */
function runs(
  numbers: readonly number[],
  name: (number: number) => string,
): string[] {
  const groups: number[][] = [];
  for (const number of numbers) {
    const last = groups.at(-1);
    if (last?.at(-1) === number - 1) last.push(number);
    else groups.push([number]);
  }
  return groups.flatMap((group) =>
    group.length > 2
      ? [`${name(group[0]!)} to ${name(group.at(-1)!)}`]
      : group.map(name),
  );
}

/** The week begins on Monday, where from Saturday to Sunday is a run. */
function weekRuns(numbers: readonly number[]): string[] {
  const fromMonday = numbers.map((day) => (day + 6) % 7).sort((a, b) => a - b);
  return runs(fromMonday, (day) => weekdays[(day + 1) % 7] ?? "");
}

function listed(words: readonly string[]): string {
  return words.length < 2
    ? words.join("")
    : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function ordinal(day: number): string {
  const teen = day >= 11 && day <= 13;
  const suffix = teen ? "th" : (["th", "st", "nd", "rd"][day % 10] ?? "th");
  return `${day}${suffix}`;
}

function two(number: number | undefined): string {
  return String(number ?? 0).padStart(2, "0");
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
