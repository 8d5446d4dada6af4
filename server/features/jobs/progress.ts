import { isTerminal } from "@restic-manager/shared/domain/job.ts";
import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import type { Events } from "../../events.ts";
import type { Db } from "../../ports/db.ts";
import { findJob } from "./store.ts";

/** The latest progress of running jobs. In memory only: the next one is a second away. */
export interface ProgressBoard {
  get(jobId: string): JobProgress | null;
  /** Takes what a host says about one of its jobs; about anything else it is dropped. */
  take(hostId: string, jobId: string, progress: JobProgress): Promise<void>;
  forget(jobId: string): void;
}

export function createProgressBoard(deps: {
  db: Db;
  events: Events;
}): ProgressBoard {
  const { db, events } = deps;
  const latest = new Map<string, { hostId: string; progress: JobProgress }>();
  /** How often something was forgotten: what was read before it may no longer be so. */
  let version = 0;

  async function isRunningOn(hostId: string, jobId: string): Promise<boolean> {
    const known = latest.get(jobId);
    if (known !== undefined) return known.hostId === hostId;
    const job = await findJob(db, jobId);
    return job !== null && job.host_id === hostId && !isTerminal(job.status);
  }

  return {
    get: (jobId) => latest.get(jobId)?.progress ?? null,
    async take(hostId, jobId, progress) {
      let read: number;
      do {
        read = version;
        if (!(await isRunningOn(hostId, jobId))) return;
      } while (read !== version);
      latest.set(jobId, { hostId, progress });
      events.emit({ type: "job.progress", jobId, progress });
    },
    forget(jobId) {
      version += 1;
      latest.delete(jobId);
    },
  };
}
