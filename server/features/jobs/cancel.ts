import { z } from "zod";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Job } from "@restic-manager/shared/api/jobs.ts";
import { failure } from "@restic-manager/shared/domain/failure.ts";
import {
  isTerminal,
  isUpkeep,
  nextJobState,
} from "@restic-manager/shared/domain/job.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { AgentCommands } from "../../ports/agent-link.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { Jobs } from "./jobs.ts";
import * as store from "./store.ts";

const answerTimeoutMs = 10_000;

/**
 * Asks the agent to end a job. The job itself ends when the agent says so. Asking twice is asking once. Upkeep that
 * still waits for its turn is known to no agent and ends here.
 */
export function createCancel(deps: {
  db: Db;
  tx: Transaction;
  commands: AgentCommands;
  presence: { isOnline(hostId: string): boolean };
  jobs: Pick<Jobs, "get">;
  audit: Audit;
  events: Events;
  clock: Clock;
}): (jobId: string, by: Initiator) => Promise<Job> {
  const { db, tx, commands, presence, jobs, audit, events, clock } = deps;

  /** Notes the wish. @returns what stood there before. */
  async function note(trx: Trx, id: string, by: Initiator) {
    const job = await unfinished(trx, id);
    await store.updateJob(trx, id, {
      cancel_requested_at: job.cancel_requested_at ?? toTimestamp(clock.now()),
    });
    await audit.record(trx, by, {
      action: "job.cancel",
      target: { kind: "job", id },
      payload: { host_id: job.host_id },
    });
    return job.cancel_requested_at;
  }

  async function tell(hostId: string, job_id: string): Promise<void> {
    const answer = await commands.send(
      hostId,
      "job.cancel",
      () => ({ job_id }),
      z.unknown(),
      answerTimeoutMs,
    );
    if (answer.ok) return;
    await unfinished(db, job_id);
    throw new AppError("agent_refused", {
      message: answer.message,
      agentCode: answer.code,
    });
  }

  /** @returns whether the job was waiting here, and has ended. */
  function endWaiting(id: string, by: Initiator): Promise<boolean> {
    return tx.run(async (trx) => {
      const job = await unfinished(trx, id);
      if (job.status !== "queued" || !isUpkeep(job.kind)) return false;
      await note(trx, id, by);
      const { code, message } = failure("cancelled");
      await store.updateJob(trx, id, {
        status: nextJobState(job.status, {
          type: "done",
          outcome: "cancelled",
        }),
        finished_at: toTimestamp(clock.now()),
        error_code: code,
        error: message,
      });
      return true;
    });
  }

  return async (id, by) => {
    const { host_id } = await unfinished(db, id);
    if (await endWaiting(id, by)) {
      events.emit({ type: "job.changed", jobId: id, hostId: host_id });
      events.emit({ type: "host.changed", hostId: host_id });
      return jobs.get(id);
    }
    if (!presence.isOnline(host_id)) throw new AppError("host_offline");
    const before = await tx.run((trx) => note(trx, id, by));
    try {
      await tell(host_id, id);
    } catch (error) {
      // After a timeout the agent may still do it; anything else has left the job as it was.
      if (!(error instanceof AppError && error.code === "agent_timeout")) {
        const cancel_requested_at = before;
        await tx.run((trx) =>
          store.updateJob(trx, id, { cancel_requested_at }),
        );
      }
      throw error;
    } finally {
      events.emit({ type: "job.changed", jobId: id, hostId: host_id });
    }
    return jobs.get(id);
  };
}

async function unfinished(db: Db | Trx, id: string): Promise<store.StoredJob> {
  const job = await store.findJob(db, id);
  if (job === null) throw new AppError("job_not_found");
  if (isTerminal(job.status)) throw new AppError("job_finished");
  return job;
}
