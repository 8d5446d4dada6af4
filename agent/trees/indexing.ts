import { every, type Clock } from "@restic-manager/shared/clock.ts";
import { snapshotId as fullId } from "@restic-manager/shared/domain/ids.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { JobDone } from "@restic-manager/shared/protocol/event.ts";
import { FailureError } from "../failure-error.ts";
import { LinkError } from "../link/link.ts";
import type { Repository } from "../restic/env.ts";
import type { Pending, PendingStore } from "./pending-store.ts";
import { FolderTooLargeError } from "./builder.ts";
import type { IndexedSnapshot, SendOutcome } from "./send.ts";

/** Tells the server what is in snapshots: one at a time, behind everything else this host has to do. */
export interface Indexing {
  /** Somebody waits for this one: it goes first, and does not wait for jobs. Throws `FailureError`. */
  ask(repositoryId: string, snapshotId: string): void;
  /** To be called as part of the transaction that keeps a job's end. */
  jobEnded(done: JobDone): void;
  /** To be called when the server can be reached again. */
  wake(): void;
  start(): void;
  /** Takes on nothing more. Resolves when nothing is under way. */
  stop(): Promise<void>;
}

export interface IndexingDeps {
  readonly pending: PendingStore;
  /** Throws `FailureError`, `LinkError`. */
  readonly send: (snapshot: IndexedSnapshot) => Promise<SendOutcome>;
  /** Whether new snapshots are to be indexed unasked. */
  readonly isEnabled: () => boolean;
  readonly isOnline: () => boolean;
  /** Whether a job runs or waits. */
  readonly isBusy: () => boolean;
  /** How a repository is reached now. */
  readonly repository: (id: string) => Repository | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborted when the agent stops. */
  readonly stopping: AbortSignal;
}

const minute = 60_000;
const lookMs = minute;
const longestWaitMs = 6 * 60 * minute;
/** Whoever wants it then can still ask for it. */
const givenUpMs = 7 * 24 * 60 * minute;

export function createIndexing(deps: IndexingDeps): Indexing {
  const { pending, clock, log, stopping } = deps;
  let working: Promise<void> | null = null;
  let stopLooking = () => {};

  function next(): Pending | null {
    if (stopping.aborted || !deps.isOnline()) return null;
    return pending.next({ now: clock.now(), onlyAsked: deps.isBusy() });
  }

  async function work(): Promise<void> {
    for (let task = next(); task !== null; task = next()) await attempt(task);
  }

  async function attempt(task: Pending): Promise<void> {
    const { repositoryId, snapshotId } = task;
    const about = { repository_id: repositoryId };
    const repository = deps.repository(repositoryId);
    if (repository === undefined) return pending.remove(task);
    if (task.attempts > 0 && clock.now() - task.addedAt > givenUpMs) {
      log.warn("What is in a snapshot is not told any more", about);
      return pending.remove(task);
    }
    // Ahead of it: what takes the agent down with it, by the memory it needs for example, would do so at every start. Once may
    // have been somebody else's doing.
    if (task.attempts === 0) pending.tried(task, 1, clock.now());
    else postpone(task);
    try {
      const outcome = await deps.send({ repositoryId, snapshotId, repository });
      if (outcome === "refused")
        return later(task, "the server does not take it at the moment");
      pending.remove(task);
      if (outcome === "sent")
        log.info("The server was told what is in a snapshot", about);
    } catch (error) {
      if (
        error instanceof FailureError &&
        error.failure.code === "snapshot_missing"
      )
        pending.remove(task);
      else if (error instanceof FolderTooLargeError) {
        log.warn("A snapshot is not indexed", {
          ...about,
          reason: error.message,
        });
        pending.remove(task);
      } else if (!(
        error instanceof FailureError || error instanceof LinkError
      )) {
        log.error("What is in a snapshot could not be told", {
          ...about,
          error,
        });
        postpone(task);
      } else if (stopping.aborted)
        pending.tried(task, task.attempts, clock.now());
      else later(task, error.message);
    }
  }

  function later(task: Pending, reason: string): void {
    postpone(task);
    log.debug("What is in a snapshot is told later", {
      repository_id: task.repositoryId,
      reason,
    });
  }

  function postpone(task: Pending): void {
    const waitMs = Math.min(longestWaitMs, minute * 2 ** task.attempts);
    pending.tried(task, task.attempts + 1, clock.now() + waitMs);
  }

  function wake(): void {
    working ??= work()
      // On a full disk, for example: what waits is looked at again in a moment.
      .catch((error: unknown) =>
        log.error("What waits to be told of snapshots cannot be kept", {
          error,
        }),
      )
      .finally(() => (working = null));
  }

  return {
    ask(repositoryId, snapshotId) {
      if (stopping.aborted) throw new FailureError("stopping");
      if (deps.repository(repositoryId) === undefined)
        throw new FailureError("config_outdated");
      pending.add(repositoryId, snapshotId, { now: clock.now(), asked: true });
      wake();
    },
    jobEnded({ kind, repository_id, stats }) {
      const id = stats?.snapshot_id;
      if (
        kind === "backup" &&
        repository_id !== null &&
        fullId.safeParse(id).success &&
        id !== undefined &&
        deps.isEnabled()
      )
        pending.add(repository_id, id, { now: clock.now(), asked: false });
      // What ends here is on disk only when the caller's transaction is.
      clock.after(0, wake);
    },
    wake,
    start() {
      stopLooking = every(clock, lookMs, wake);
    },
    async stop() {
      stopLooking();
      await working;
    },
  };
}
