import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { FailureCode } from "@restic-manager/shared/domain/failure.ts";
import { isTerminal, nextJobState } from "@restic-manager/shared/domain/job.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Heartbeat } from "@restic-manager/shared/protocol/hello.ts";
import type { Events } from "../../events.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { ProgressBoard } from "./progress.ts";
import * as store from "./store.ts";

/** What an agent says about itself in every hello and heartbeat. */
export type AgentState = Pick<
  Heartbeat,
  "host" | "running_jobs" | "outbox_depth"
>;

/** Longer than a command may take to be carried out, and than the report that crosses with it is under way. */
const graceMs = 60_000;

const neverStarted: { code: FailureCode; message: string } = {
  code: "timeout",
  message:
    "The agent never took the job, so nothing was started; run it again.",
};
const forgotten: { code: FailureCode; message: string } = {
  code: "agent_restarted",
  message:
    "The agent no longer knows this job: it ended unexpectedly or lost its state, and restic ended with it.",
};

/**
 * Ends jobs that nobody will ever report about as `lost`.
 *
 * An agent lists a job from before it accepts it until its result is in the outbox, and a row leaves the outbox only
 * when this server has stored it. So a job that is neither listed nor stored as ended while the outbox is empty has no
 * result under way, and never will have.
 */
export function createReconcile(deps: {
  db: Db;
  tx: Transaction;
  progress: Pick<ProgressBoard, "forget">;
  events: Events;
  clock: Clock;
  log: Log;
}): (state: AgentState) => Promise<void> {
  const { db, tx, progress, events, clock } = deps;

  /** @returns false when the job has ended meanwhile. */
  function end(id: string): Promise<boolean> {
    return tx.run(async (trx) => {
      const job = await store.findJob(trx, id);
      if (job === null || isTerminal(job.status)) return false;
      const why = job.status === "running" ? forgotten : neverStarted;
      await store.updateJob(trx, id, {
        status: nextJobState(job.status, { type: "done", outcome: "lost" }),
        finished_at: toTimestamp(clock.now()),
        error_code: why.code,
        error: why.message,
      });
      return true;
    });
  }

  return async ({ host, running_jobs, outbox_depth }) => {
    if (outbox_depth > 0) return;
    const now = clock.now();
    const open = await store.openJobs(db, host, {
      from: toTimestamp(now - graceMs),
      to: toTimestamp(now + graceMs),
    });
    const running = new Set(running_jobs);
    for (const id of open.filter((job) => !running.has(job))) {
      if (!(await end(id))) continue;
      deps.log.warn("A job is lost", { host_id: host, job_id: id });
      progress.forget(id);
      events.emit({ type: "job.changed", jobId: id, hostId: host });
      events.emit({ type: "host.changed", hostId: host });
    }
  };
}
