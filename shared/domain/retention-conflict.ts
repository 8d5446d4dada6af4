import { firesOn, readCron } from "./cron-fields.ts";
import type { Retention } from "./source.ts";

export const conflictKinds = ["hourly", "daily", "weekly", "monthly"] as const;
export type ConflictKind = (typeof conflictKinds)[number];

const dayMs = 24 * 60 * 60 * 1000;
/** Any two years hold every pattern of days that matters here; the first begins on a Monday. */
const firstDay = Date.UTC(2024, 0, 1);
const watchedDays = 731;

/**
 * The finest keep rule that is finer than what backs the group up: with one backup a day, `hourly` keeps no other
 * snapshots than `daily` would. Null when there is none, or when no schedule runs the group.
 */
export function retentionConflict(
  retention: Retention,
  crons: readonly string[],
): ConflictKind | null {
  const set = conflictKinds.filter(
    (kind) =>
      retention[kind] !== undefined ||
      retention[`within_${kind}`] !== undefined,
  );
  if (set.length === 0 || crons.length === 0) return null;
  const useful = usefulRules(crons);
  return set.find((kind) => !useful.has(kind)) ?? null;
}

/** A rule is of use when some period of the next coarser one holds backups in two of its own periods. */
function usefulRules(crons: readonly string[]): Set<ConflictKind> {
  const schedules = crons.map(readCron);
  const useful = new Set<ConflictKind>();
  const last: Partial<Record<ConflictKind, Period>> = {};

  function see(kind: ConflictKind, own: number, coarser: number): void {
    const before = last[kind];
    if (before?.coarser === coarser && before.own !== own) useful.add(kind);
    last[kind] = { own, coarser };
  }

  for (let day = 0; day < watchedDays; day++) {
    const midnight = new Date(firstDay + day * dayMs);
    const firing = schedules.filter((fields) => firesOn(fields, midnight));
    if (firing.length === 0) continue;
    const hours = new Set(firing.flatMap(({ hours }) => [...hours]));
    if (hours.size > 1) useful.add("hourly");
    const week = Math.floor(day / 7);
    const month = midnight.getUTCFullYear() * 12 + midnight.getUTCMonth();
    see("daily", day, week);
    see("weekly", week, month);
    see("monthly", month, midnight.getUTCFullYear());
  }
  return useful;
}

interface Period {
  readonly own: number;
  readonly coarser: number;
}
