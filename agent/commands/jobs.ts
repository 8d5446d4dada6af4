import type {
  JobKind,
  JobProgress,
} from "@restic-manager/shared/domain/job.ts";
import { isUpkeep } from "@restic-manager/shared/domain/job.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { FailureError } from "../failure-error.ts";
import type { StopReason } from "../restic/exit-codes.ts";
import type { BackupRequest, JobRequest, JobStore } from "./job-store.ts";
import { phaseOnly } from "./progress.ts";

/**
 * The jobs of this host: one at a time, in the order they came, because restic locks its repository. A restore waits for other
 * restores only: whoever needs a file back cannot wait for a backup of hours, and restic does both at once. A job that can do
 * nothing but wait for a lock lets others go first, and does nothing itself until they have ended.
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
export type RunJob = (signal: AbortSignal, turn: Turn) => Promise<void>;

/** The turn of a job that runs. */
export interface Turn {
  /** Tells people what does not wait behind this job. */
  readonly hint: string;
  /** Aborted once a job is queued that goes first while this one can only wait. To be asked for anew at each wait. */
  wanted(): AbortSignal;
  /**
   * Runs such jobs until none is queued. Ends at once when the job itself is to end, which must then start nothing that needs
   * the repository for itself.
   */
  giveWay(onNext: (kind: JobKind) => void): Promise<void>;
}

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
  hasBegun: boolean;
  wanted: AbortController;
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
    await recovered;
    await runQueued(lane, () => true);
    lane.working = null;
  }

  async function runQueued(
    lane: Lane,
    isNext: (entry: Entry) => boolean,
    onNext: (kind: JobKind) => void = () => {},
  ): Promise<void> {
    for (;;) {
      const entry = lane.entries.find((one) => !one.hasBegun && isNext(one));
      if (entry === undefined) return;
      entry.hasBegun = true;
      // What took it on was undone, for example on a full disk, and will take on another.
      const wasKept = isKept(entry.request.job_id);
      if (wasKept) onNext(entry.request.kind);
      const wayGiven = wasKept ? await runOne(lane, entry) : null;
      lane.entries.splice(lane.entries.indexOf(entry), 1);
      // It may have been cancelled while another had its turn.
      await wayGiven?.done;
    }
  }

  async function runOne(lane: Lane, entry: Entry) {
    const { job_id, kind } = entry.request;
    const { signal } = entry.abort;
    const wayGiven = { done: Promise.resolve() };
    const isNext = (one: Entry) => goesBefore(one.request.kind, kind);
    const turn: Turn = {
      hint: isUpkeep(kind)
        ? "Meanwhile backups and other jobs of this host go first."
        : "Meanwhile an unlock goes first.",
      wanted() {
        if (lane.entries.some((one) => !one.hasBegun && isNext(one)))
          entry.wanted.abort();
        return entry.wanted.signal;
      },
      async giveWay(onNext) {
        wayGiven.done = runQueued(lane, isNext, (next) => {
          // Once it is cancelled, its log may have been closed.
          if (!signal.aborted) onNext(next);
        });
        await Promise.race([wayGiven.done, aborted(signal)]);
        entry.wanted = new AbortController();
      },
    };
    const jobLog = log.with({ job_id, kind });
    const name = nameOf(kind);
    jobLog.info(`${name} starts`);
    try {
      await entry.run(signal, turn);
      jobLog.info(`${name} ended`);
    } catch (error) {
      // Its result could not be kept, for example on a full disk: it is reported as lost at the next start.
      jobLog.error("The result of a job could not be kept", { error });
    }
    return wayGiven;
  }

  return {
    accept(request, run) {
      if (stopping) throw new FailureError("stopping");
      if (isKept(request.job_id)) throw new FailureError("command_repeated");
      store.add(request);
      const lane = request.kind === "restore" ? restores : others;
      for (const entry of lane.entries)
        if (entry.hasBegun && goesBefore(request.kind, entry.request.kind))
          entry.wanted.abort();
      lane.entries.push({
        request,
        run,
        abort: new AbortController(),
        hasBegun: false,
        wanted: new AbortController(),
      });
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

/**
 * Whether a job goes before one that waits for a lock: any before upkeep, and before a backup only what may remove the lock,
 * because another backup must not run between its hooks.
 */
function goesBefore(kind: JobKind, waiting: JobKind): boolean {
  return kind === "unlock" || isUpkeep(waiting);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function nameOf(kind: JobKind): string {
  if (kind === "backup") return "A backup";
  return kind === "restore" ? "A restore" : "Upkeep";
}
