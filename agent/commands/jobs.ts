import type {
  JobKind,
  JobProgress,
} from "@restic-manager/shared/domain/job.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { FailureError } from "../failure-error.ts";
import type { StopReason } from "../restic/exit-codes.ts";
import type { BackupRequest, JobRequest, JobStore } from "./job-store.ts";
import { phaseOnly } from "./progress.ts";

/** The jobs of this host: one at a time, in the order they came, because restic locks its repository. */
export interface Jobs {
  /**
   * Takes a job on; its request is on disk when this returns. `run` does it when its turn has come, and may hold secrets that
   * are kept nowhere else. Throws `FailureError`.
   */
  accept(request: JobRequest, run: RunJob): void;
  /** False when the job is not known. */
  cancel(jobId: string): boolean;
  /** The newest backup of a source group that runs or waits. */
  backupOf(groupId: string): BackupRequest | undefined;
  /** Every job without a result in the outbox. */
  ids(): string[];
  /** Ends what runs and what waits, and takes on nothing more. Resolves when all of it is reported. */
  stop(): Promise<void>;
}

/** Runs a job and reports it. Rejects only when its result could not be kept. */
export type RunJob = (signal: AbortSignal) => Promise<void>;

export interface JobsDeps {
  readonly store: JobStore;
  readonly log: Log;
  readonly live: (jobId: string, progress: JobProgress) => void;
  /** What an earlier life of the agent left behind is reported before anything else runs. */
  readonly recovered: Promise<void>;
}

interface Entry {
  readonly request: JobRequest;
  readonly run: RunJob;
  readonly abort: AbortController;
}

export function createJobs({ store, log, live, recovered }: JobsDeps): Jobs {
  const entries: Entry[] = [];
  let working: Promise<void> | null = null;
  let stopping = false;

  async function work(): Promise<void> {
    await recovered;
    for (let entry = entries[0]; entry !== undefined; entry = entries[0]) {
      const { job_id, kind } = entry.request;
      const jobLog = log.with({ job_id, kind });
      const name = nameOf(kind);
      jobLog.info(`${name} starts`);
      try {
        await entry.run(entry.abort.signal);
        jobLog.info(`${name} ended`);
      } catch (error) {
        // Its result could not be kept, for example on a full disk: it is reported as lost at the next start.
        jobLog.error("The result of a job could not be kept", { error });
      }
      entries.shift();
    }
    working = null;
  }

  return {
    accept(request, run) {
      if (stopping) throw new FailureError("stopping");
      if (store.list().some((job) => job.request.job_id === request.job_id))
        throw new FailureError("command_repeated");
      store.add(request);
      entries.push({ request, run, abort: new AbortController() });
      if (entries.length > 1) live(request.job_id, phaseOnly("waiting"));
      working ??= work();
    },
    cancel(jobId) {
      const entry = entries.find(({ request }) => request.job_id === jobId);
      entry?.abort.abort("cancelled" satisfies StopReason);
      return entry !== undefined;
    },
    backupOf: (groupId) =>
      entries
        .map(({ request }) => request)
        .filter((request) => request.kind === "backup")
        .findLast(({ source_group_id }) => source_group_id === groupId),
    ids: () => store.list().map((job) => job.request.job_id),
    async stop() {
      stopping = true;
      for (const { abort } of entries)
        abort.abort("agent_stopped" satisfies StopReason);
      await (working ?? recovered);
    },
  };
}

function nameOf(kind: JobKind): string {
  if (kind === "backup") return "A backup";
  return kind === "restore" ? "A restore" : "Upkeep";
}
