import type { Retention } from "@restic-manager/shared/domain/source.ts";

/** What a policy leaves of a long row of backups. */
export interface RetentionPreview {
  /** Ages of what is kept, in milliseconds, newest first. */
  readonly ages: readonly number[];
  /** It keeps more, or longer, than was looked at. */
  readonly isOpen: boolean;
}

const hour = 3_600_000;
const day = 24 * hour;
const maxFires = 200_000;
const maxKept = 2000;

type Period = "hourly" | "daily" | "weekly" | "monthly" | "yearly";

const periods: Readonly<Record<Period, (at: number) => number>> = {
  hourly: (at) => Math.floor(at / hour),
  daily: (at) => Math.floor(at / day),
  // Weeks begin on Monday; the epoch was a Thursday.
  weekly: (at) => Math.floor((at / day + 3) / 7),
  monthly: (at) => {
    const date = new Date(at);
    return date.getUTCFullYear() * 12 + date.getUTCMonth();
  },
  yearly: (at) => new Date(at).getUTCFullYear(),
};

interface Rule {
  readonly period: (at: number) => number;
  /** How many it still keeps; without end for rules that look at the age alone. */
  left: number;
  /** Keeps nothing that is older. */
  readonly since: number;
  last: number;
}

/** As restic decides it, for backups that went on like this for ever: `gaps` are the waits between them, in a cycle. */
export function retentionPreview(
  retention: Retention,
  gaps: readonly number[],
  now: number,
): RetentionPreview {
  const rules = rulesOf(retention, now);
  const ages: number[] = [];
  let at = now;
  for (let index = 0; index < maxFires; index += 1) {
    const open = rules.filter((rule) => rule.left > 0 && at > rule.since);
    if (open.length === 0) return { ages, isOpen: false };
    // Each rule has a look, also at what another one keeps already.
    const kept = open.filter((rule) => keeps(rule, at, index));
    if (kept.length > 0) ages.push(now - at);
    if (ages.length > maxKept) break;
    at -= gaps[index % gaps.length] ?? day;
  }
  return { ages, isOpen: true };
}

function rulesOf(retention: Retention, now: number): Rule[] {
  const rules: Rule[] = [];
  const add = (
    period: Rule["period"],
    left: number | undefined,
    within: string | undefined,
  ): void => {
    if (left !== undefined)
      rules.push({ period, left, since: -Infinity, last: NaN });
    if (within !== undefined)
      rules.push({
        period,
        left: Infinity,
        since: before(now, within),
        last: NaN,
      });
  };
  add(each, retention.last, retention.within);
  for (const [name, period] of Object.entries(periods))
    add(
      period,
      retention[name as Period],
      retention[`within_${name as Period}`],
    );
  return rules;
}

/** Every backup is a period of its own. */
function each(at: number): number {
  return at;
}

function keeps(rule: Rule, at: number, index: number): boolean {
  const period = rule.period(at);
  if (index > 0 && period === rule.last) return false;
  rule.last = period;
  rule.left -= 1;
  return true;
}

/** A restic duration such as `1y6m` before a moment. */
function before(now: number, within: string): number {
  const units = Object.fromEntries(
    [...within.matchAll(/(\d+)([ymdh])/g)].map(([, number, unit]) => [
      unit,
      Number(number),
    ]),
  );
  const date = new Date(now);
  date.setUTCFullYear(date.getUTCFullYear() - (units["y"] ?? 0));
  date.setUTCMonth(date.getUTCMonth() - (units["m"] ?? 0));
  date.setUTCDate(date.getUTCDate() - (units["d"] ?? 0));
  return date.getTime() - (units["h"] ?? 0) * hour;
}

/** Waits between backups, from when they come next; once a day where nothing is known. */
export function gapsOf(fires: readonly (readonly string[])[]): number[] {
  const rows = fires
    .map((next) => {
      const times = next.map((text) => Date.parse(text));
      return times.slice(1).map((time, index) => time - (times[index] ?? time));
    })
    .filter((gaps) => gaps.length > 0);
  const mean = (gaps: readonly number[]): number =>
    gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  // The schedule that runs most often decides how close snapshots lie.
  const [densest] = rows.sort((a, b) => mean(a) - mean(b));
  return densest?.every((gap) => gap > 0) === true ? densest : [day];
}
