const monthNames = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const dayNames = "sun mon tue wed thu fri sat".split(" ");

interface Field {
  readonly use: string;
  readonly first: number;
  readonly last: number;
  readonly names: readonly string[];
}

const fields: readonly Field[] = [
  { use: "a minute from 0 to 59", first: 0, last: 59, names: [] },
  { use: "an hour from 0 to 23", first: 0, last: 23, names: [] },
  { use: "a day from 1 to 31", first: 1, last: 31, names: [] },
  {
    use: "a month from 1 to 12 or jan to dec",
    first: 1,
    last: 12,
    names: monthNames,
  },
  {
    use: "a weekday from 0 (Sunday) to 7 or sun to sat",
    first: 0,
    last: 7,
    names: dayNames,
  },
];

/** Which of five cron fields names what it cannot, and what it can; null when none does. */
export function cronRangeFault(text: string): string | null {
  const texts = text.trim().toLowerCase().split(/\s+/);
  for (const [index, { use, first, last, names }] of fields.entries()) {
    const wrong = (texts[index] ?? "")
      .split(",")
      .map((part) => part.split("/")[0] ?? "")
      .find((range) => !range.split("-").every((value) => allows(value)));
    if (wrong !== undefined) return `Use ${use}, not ${wrong || "nothing"}.`;

    function allows(value: string): boolean {
      if (value === "*" || names.includes(value)) return true;
      return /^\d+$/.test(value) && +value >= first && +value <= last;
    }
  }
  return null;
}
