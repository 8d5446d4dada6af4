/** A cron text in words where it is a plain daily time, else as it is written. */
export function cronInWords(cron: string): string {
  const daily = /^(\d{1,2}) (\d{1,2}) \* \* \*$/.exec(cron.trim());
  if (daily === null) return cron;
  const [, minute = "", hour = ""] = daily;
  return `Daily at ${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
}
