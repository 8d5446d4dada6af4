import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Failure } from "@restic-manager/shared/domain/failure.ts";
import {
  isTerminal,
  isUpkeep,
  nextJobState,
} from "@restic-manager/shared/domain/job.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Events } from "../../events.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { ProgressBoard } from "./progress.ts";
import * as store from "./store.ts";

/** Ends a job as `lost`, unless it has ended meanwhile. The reason may depend on how far it had come. */
export type EndAsLost = (
  id: string,
  why: (job: store.StoredJob) => Failure,
) => Promise<void>;

export function createEndAsLost(deps: {
  tx: Transaction;
  progress: Pick<ProgressBoard, "forget">;
  events: Events;
  clock: Clock;
  log: Log;
}): EndAsLost {
  const { tx, progress, events, clock } = deps;
  return async (id, why) => {
    const ended = await tx.run(async (trx) => {
      const job = await store.findJob(trx, id);
      if (job === null || isTerminal(job.status)) return null;
      const { code, message } = why(job);
      await store.updateJob(trx, id, {
        status: nextJobState(job.status, { type: "done", outcome: "lost" }),
        finished_at: toTimestamp(clock.now()),
        error_code: code,
        error: message,
      });
      return job;
    });
    if (ended === null) return;
    const { host_id: hostId, repository_id: repositoryId, kind } = ended;
    deps.log.warn("A job is lost", { host_id: hostId, job_id: id });
    progress.forget(id);
    events.emit({ type: "job.changed", jobId: id, hostId });
    events.emit({ type: "host.changed", hostId });
    if (isUpkeep(kind) && repositoryId !== null)
      events.emit({ type: "repository.changed", repositoryId });
  };
}
