import { z } from "zod";

const field = String.raw`[0-9*/,\-]+|[A-Za-z]{3}(?:[,\-][A-Za-z]{3})*`;
const fiveFields = new RegExp(`^(?:${field})(?:\\s+(?:${field})){4}$`);

/** Five cron fields (minute hour day month weekday), no seconds, no `L`, `W`, `#` or `?`. Fires in the host's zone. */
export const cronText = z
  .string()
  .trim()
  .max(200)
  .regex(fiveFields, "Use five cron fields, for example 30 2 * * *.");

/**
 * The cron text of the default daily schedule: a minute of the night between 01:00 and 04:59, spread over hosts.
 * `random` is a number in [0, 1).
 */
export function defaultDailyCron(random: number): string {
  const minute = Math.floor(random * 240) + 60;
  return `${minute % 60} ${Math.floor(minute / 60)} * * *`;
}
