import type { Retention } from "@restic-manager/shared/domain/source.ts";
import { count } from "./format.ts";
import type { RetentionPreview } from "./retention-preview.ts";

const day = 86_400_000;
const units = [
  ["hourly", "an hour", "hours"],
  ["daily", "a day", "days"],
  ["weekly", "a week", "weeks"],
  ["monthly", "a month", "months"],
  ["yearly", "a year", "years"],
] as const;

/** What each rule of a policy keeps, in the order from fine to coarse. */
export function retentionRules(retention: Retention): string[] {
  const rules: string[] = [];
  const { last, within, tags = [] } = retention;
  if (within !== undefined) rules.push(`every one of the last ${span(within)}`);
  if (last !== undefined)
    rules.push(last === 1 ? "the last one" : `the last ${count(last)}`);
  for (const [name, one, many] of units) {
    const number = retention[name];
    const since = retention[`within_${name}`];
    if (number !== undefined)
      rules.push(
        number === 1
          ? `the newest of the last ${many.slice(0, -1)}`
          : `one ${one} for ${count(number)} ${many}`,
      );
    if (since !== undefined)
      rules.push(`one ${one} of the last ${span(since)}`);
  }
  if (tags.length > 0 && rules.length > 0)
    rules.push(`all with the tag ${tags.join(" or ")}`);
  return rules;
}

/** How much that is, and how far back it reaches. */
export function retentionSum({ ages, isOpen }: RetentionPreview): {
  snapshots: string;
  oldest: string;
} {
  const more = isOpen ? "more than " : "";
  return {
    snapshots: `${more}${count(ages.length)}`,
    oldest: age(ages.at(-1) ?? 0),
  };
}

/** `11 months`, `3 weeks`, `5 days` */
function age(ms: number): string {
  const days = ms / day;
  if (days < 1) return plain(Math.round(days * 24), "hour");
  if (days < 14) return plain(Math.round(days), "day");
  if (days < 60) return plain(Math.round(days / 7), "week");
  if (days < 730) return plain(Math.round(days / 30.44), "month");
  return plain(Math.round(days / 365.25), "year");
}

/** A restic duration in words: `1y6m` is `1 year 6 months`. */
function span(duration: string): string {
  const names = { y: "year", m: "month", d: "day", h: "hour" } as const;
  return [...duration.matchAll(/(\d+)([ymdh])/g)]
    .map(([, number, unit]) =>
      plain(Number(number), names[unit as keyof typeof names]),
    )
    .join(" ");
}

function plain(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}
