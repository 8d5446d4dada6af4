import type { StoredJob } from "./store.ts";

/** Given up because its host is silent: whatever the host says of it after all is true, and no other end is ever undone. */
export function isPresumedLost(
  job: Pick<StoredJob, "status" | "error_code">,
): boolean {
  return job.status === "lost" && job.error_code === "host_silent";
}

/** What a job that was given up has to lose when it is heard of again. */
export const heardAgain = {
  finished_at: null,
  error_code: null,
  error: null,
} as const;
