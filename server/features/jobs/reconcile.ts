import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { failure } from "@restic-manager/shared/domain/failure.ts";
import type { Heartbeat } from "@restic-manager/shared/protocol/hello.ts";
import type { Events } from "../../events.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { EndAsLost } from "./lost.ts";
import { heardAgain, lastHeard } from "./presumed.ts";
import * as store from "./store.ts";

/** What an agent says about itself in every hello and heartbeat. */
export type AgentState = Pick<
  Heartbeat,
  "host" | "running_jobs" | "outbox_depth"
>;

/** Longer than a command may take to be carried out, and than the report that crosses with it is under way. */
const graceMs = 60_000;

const neverStarted = failure(
  "timeout",
  "The agent never took the job, so nothing was started; run it again.",
);
const forgotten = failure(
  "agent_restarted",
  "The agent no longer knows this job: it ended unexpectedly or lost its state, and restic ended with it.",
);

/**
 * Makes the store agree with what an agent says it is doing: jobs that were given up and run after all run again, and
 * those that nobody will ever report about are lost.
 *
 * An agent lists a job from before it accepts it until its result is in the outbox, and a row leaves the outbox only
 * when this server has stored it. So a job that is neither listed nor stored as ended while the outbox is empty has no
 * result under way, and never will have.
 */
export function createReconcile(deps: {
  db: Db;
  tx: Transaction;
  endAsLost: EndAsLost;
  events: Events;
  clock: Clock;
}): (state: AgentState) => Promise<void> {
  const { db, tx, endAsLost, events, clock } = deps;

  async function takeBack(id: string, hostId: string): Promise<void> {
    await tx.run(async (trx) => {
      const job = await store.findJob(trx, id);
      const status = job && lastHeard(job);
      if (status === null || status === job?.status) return;
      await store.updateJob(trx, id, { ...heardAgain, status });
    });
    events.emit({ type: "job.changed", jobId: id, hostId });
    events.emit({ type: "host.changed", hostId });
  }

  return async ({ host, running_jobs, outbox_depth }) => {
    for (const id of await store.givenUp(db, host, running_jobs))
      await takeBack(id, host);
    if (outbox_depth > 0) return;
    const now = clock.now();
    const open = await store.openJobs(db, host, {
      from: toTimestamp(now - graceMs),
      to: toTimestamp(now + graceMs),
    });
    const running = new Set(running_jobs);
    for (const id of open.filter((job) => !running.has(job)))
      await endAsLost(id, ({ status }) =>
        status === "running" ? forgotten : neverStarted,
      );
  };
}
