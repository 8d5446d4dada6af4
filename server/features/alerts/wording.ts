const maxMessage = 1000;

/** What a finding is not about, unless it says so. */
export const nothingElse = { host_id: null, repository_id: null, job_id: null };

/** For people, who read it in any zone. */
export function minute(at: string): string {
  return `${at.slice(0, 16).replace("T", " ")} UTC`;
}

export function duration(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  if (minutes < 120) return `${minutes} minutes`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}

export function cut(message: string): string {
  return message.length > maxMessage
    ? `${message.slice(0, maxMessage - 1)}…`
    : message;
}
