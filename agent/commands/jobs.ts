import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { FailureError } from "../failure-error.ts";
import type { StopReason } from "../restic/exit-codes.ts";
import type { JobRequest, JobStore } from "./job-store.ts";
import { waitingProgress } from "./progress.ts";

/** The jobs of this host: one at a time, in the order they came, because restic locks its repository. */
export interface Jobs {
  /** Takes a job on; it is on disk when this returns. Throws `FailureError`. */
  accept(request: JobRequest): void;
  /** False when the job is not known. */
  cancel(jobId: string): boolean;
  isBusyWith(groupId: string): boolean;
  /** Every job without a result in the outbox. */
  ids(): string[];
  /** Ends what runs and what waits, and takes on nothing more. Resolves when all of it is reported. */
  stop(): Promise<void>;
}

export interface JobsDeps {
  readonly store: JobStore;
  readonly log: Log;
  readonly live: (jobId: string, progress: JobProgress) => void;
  readonly run: (request: JobRequest, signal: AbortSignal) => Promise<void>;
  /** What an earlier life of the agent left behind is reported before anything else runs. */
  readonly recovered: Promise<void>;
}

interface Entry {
  readonly request: JobRequest;
  readonly abort: AbortController;
}

export function createJobs({
  store,
  log,
  live,
  run,
  recovered,
}: JobsDeps): Jobs {
  const entries: Entry[] = [];
  let working: Promise<void> | null = null;
  let stopping = false;

  async function work(): Promise<void> {
    await recovered;
    for (let entry = entries[0]; entry !== undefined; entry = entries[0]) {
      const jobLog = log.with({ job_id: entry.request.job_id });
      jobLog.info("A backup starts");
      try {
        await run(entry.request, entry.abort.signal);
        jobLog.info("A backup ended");
      } catch (error) {
        // Its result could not be kept, for example on a full disk: it is reported as lost at the next start.
        jobLog.error("The result of a job could not be kept", { error });
      }
      entries.shift();
    }
    working = null;
  }

  return {
    accept(request) {
      if (stopping) throw new FailureError("stopping");
      if (store.list().some((job) => job.request.job_id === request.job_id))
        throw new FailureError("command_repeated");
      store.add(request);
      entries.push({ request, abort: new AbortController() });
      if (entries.length > 1) live(request.job_id, waitingProgress);
      working ??= work();
    },
    cancel(jobId) {
      const entry = entries.find(({ request }) => request.job_id === jobId);
      entry?.abort.abort("cancelled" satisfies StopReason);
      return entry !== undefined;
    },
    isBusyWith: (groupId) =>
      entries.some(({ request }) => request.source_group_id === groupId),
    ids: () => store.list().map((job) => job.request.job_id),
    async stop() {
      stopping = true;
      for (const { abort } of entries)
        abort.abort("agent_stopped" satisfies StopReason);
      await (working ?? recovered);
    },
  };
}
