import type {
  JobKind,
  JobProgress,
} from "@restic-manager/shared/domain/job.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { FailureError } from "../failure-error.ts";
import type { StopReason } from "../restic/exit-codes.ts";
import type { BackupRequest, JobRequest, JobStore } from "./job-store.ts";
import { phaseOnly } from "./progress.ts";

/**
 * The jobs of this host: one at a time, in the order they came, because restic locks its repository. A restore waits for other
 * restores only: whoever needs a file back cannot wait for a backup of hours, and restic does both at once.
 */
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

/** Jobs of one host that wait for each other. */
interface Lane {
  readonly entries: Entry[];
  working: Promise<void> | null;
}

export function createJobs({ store, log, live, recovered }: JobsDeps): Jobs {
  const restores: Lane = { entries: [], working: null };
  const others: Lane = { entries: [], working: null };
  let stopping = false;
  const entriesOfAll = () => [...others.entries, ...restores.entries];

  const isKept = (jobId: string) =>
    store.list().some(({ request }) => request.job_id === jobId);

  async function work(lane: Lane): Promise<void> {
    const { entries } = lane;
    await recovered;
    for (let entry = entries[0]; entry !== undefined; entry = entries[0]) {
      const { job_id, kind } = entry.request;
      // What took it on was undone, for example on a full disk, and will take on another.
      if (!isKept(job_id)) {
        entries.shift();
        continue;
      }
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
    lane.working = null;
  }

  return {
    accept(request, run) {
      if (stopping) throw new FailureError("stopping");
      if (isKept(request.job_id)) throw new FailureError("command_repeated");
      store.add(request);
      const lane = request.kind === "restore" ? restores : others;
      lane.entries.push({ request, run, abort: new AbortController() });
      if (lane.entries.length > 1) live(request.job_id, phaseOnly("waiting"));
      lane.working ??= work(lane);
    },
    cancel(jobId) {
      const entry = entriesOfAll().find((one) => one.request.job_id === jobId);
      entry?.abort.abort("cancelled" satisfies StopReason);
      return entry !== undefined;
    },
    backupOf: (groupId) =>
      others.entries
        .map(({ request }) => request)
        .filter((request) => request.kind === "backup")
        .findLast(({ source_group_id }) => source_group_id === groupId),
    ids: () => store.list().map((job) => job.request.job_id),
    async stop() {
      stopping = true;
      for (const { abort } of entriesOfAll())
        abort.abort("agent_stopped" satisfies StopReason);
      await Promise.all([recovered, restores.working, others.working]);
    },
  };
}

function nameOf(kind: JobKind): string {
  if (kind === "backup") return "A backup";
  return kind === "restore" ? "A restore" : "Upkeep";
}
