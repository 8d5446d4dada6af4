import type { JobState } from "@restic-manager/shared/domain/job.ts";
import type { StoredJob } from "./store.ts";

type Given = Pick<StoredJob, "status" | "error_code" | "started_at">;

/**
 * How far a job has come, as far as its host has said. One that was given up because its host is silent has not ended:
 * whatever the host says of it after all is true. No other end is ever undone.
 */
export function lastHeard(job: Given): JobState {
  const isGivenUp = job.status === "lost" && job.error_code === "host_silent";
  if (!isGivenUp) return job.status;
  return job.started_at === null ? "sent" : "running";
}

/** What a job that was given up has to lose when it is heard of again. */
export const heardAgain = {
  finished_at: null,
  error_code: null,
  error: null,
} as const;
