/** What five cron fields allow, each as the numbers it stands for; Sunday is 0. */
export interface CronFields {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
  /** Day and weekday are both named: either of them is enough. */
  readonly eitherDay: boolean;
}

const monthNames = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const dayNames = "sun mon tue wed thu fri sat".split(" ");

/** Reads a valid cron text; one that is not valid may give fields that allow nothing. */
export function readCron(text: string): CronFields {
  const [minutes = "", hours = "", days = "", months = "", weekdays = ""] = text
    .trim()
    .toLowerCase()
    .split(/\s+/);
  return {
    minutes: numbers(minutes, 0, 59),
    hours: numbers(hours, 0, 23),
    days: numbers(days, 1, 31),
    months: numbers(months, 1, 12, (name) => monthNames.indexOf(name) + 1),
    weekdays: new Set(
      [...numbers(weekdays, 0, 7, (name) => dayNames.indexOf(name))].map(
        (day) => day % 7,
      ),
    ),
    eitherDay: days !== "*" && weekdays !== "*",
  };
}

/** Whether it fires on a day of the calendar, given as midnight in UTC. */
export function firesOn(fields: CronFields, midnight: Date): boolean {
  const day = fields.days.has(midnight.getUTCDate());
  const weekday = fields.weekdays.has(midnight.getUTCDay());
  return (
    fields.months.has(midnight.getUTCMonth() + 1) &&
    (fields.eitherDay ? day || weekday : day && weekday)
  );
}

function numbers(
  field: string,
  first: number,
  last: number,
  named: (name: string) => number = () => Number.NaN,
): Set<number> {
  const number = (text: string) =>
    /^\d+$/.test(text) ? Number(text) : named(text);
  const result = new Set<number>();
  for (const part of field.split(",")) {
    const [range = "", step] = part.split("/");
    const [from = "", to] = range.split("-");
    const start = from === "*" ? first : number(from);
    // A step without a range goes on to the end.
    const single = from !== "*" && step === undefined ? start : last;
    const end = to === undefined ? single : number(to);
    for (let n = start; n <= end; n += Math.max(1, Number(step ?? 1)))
      result.add(n);
  }
  return result;
}
