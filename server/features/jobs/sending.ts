import { z } from "zod";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { ApiErrorCode } from "@restic-manager/shared/api/errors.ts";
import { nextJobState } from "@restic-manager/shared/domain/job.ts";
import type { JobEvent } from "@restic-manager/shared/domain/job.ts";
import type { JobStart } from "@restic-manager/shared/protocol/command.ts";
import { AppError } from "../../app-error.ts";
import type { AgentCommands } from "../../ports/agent-link.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Transaction } from "../../ports/transaction.ts";
import * as store from "./store.ts";

const answerTimeoutMs = 10_000;

/** The agent may have the command: it did not answer, or not in a way to be believed. */
const uncertain: ReadonlySet<ApiErrorCode> = new Set([
  "agent_timeout",
  "agent_refused",
]);

/**
 * Hands stored jobs to their agents.
 *
 * The row is there before the command goes out, so whatever the agent reports finds it. When nobody knows whether the
 * command arrived, the job stays `sent`: either the agent reports it, or reconciliation finds that it never did.
 */
export interface Sending {
  /**
   * `start` makes the command's body from the command's id.
   * @throws AppError when the command has certainly not reached the agent; the row is as it was.
   */
  send(
    hostId: string,
    jobId: string,
    start: (commandId: string) => JobStart,
  ): Promise<void>;
  /** Takes back a job that was never sent, row and all. */
  withdraw(jobId: string, by: Initiator, reason: string): Promise<void>;
}

export function createSending(deps: {
  tx: Transaction;
  commands: AgentCommands;
  audit: Audit;
  clock: Clock;
}): Sending {
  const { tx, commands, audit } = deps;

  async function moveOn(
    id: string,
    event: JobEvent,
    change: Parameters<typeof store.updateJob>[2] = {},
  ): Promise<void> {
    await tx.run(async (trx) => {
      const job = await store.findJob(trx, id);
      if (job === null) return;
      const status = nextJobState(job.status, event);
      // What the agent reported meanwhile is newer than its answer.
      if (status === job.status) return;
      await store.updateJob(trx, id, { ...change, status });
    });
  }

  return {
    async send(hostId, id, start) {
      try {
        const answer = await commands.send(
          hostId,
          "job.start",
          start,
          z.unknown(),
          answerTimeoutMs,
        );
        // It has the job from an attempt whose answer was lost.
        if (answer.ok || answer.code === "command_repeated") {
          return await moveOn(id, { type: "sent" });
        }
        await moveOn(
          id,
          { type: "refused" },
          {
            finished_at: toTimestamp(deps.clock.now()),
            error_code: answer.code,
            error: answer.message,
          },
        );
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        if (!uncertain.has(error.code)) throw error;
        await moveOn(id, { type: "sent" });
      }
    },

    async withdraw(id, by, reason) {
      await tx.run(async (trx) => {
        if (!(await store.deleteQueued(trx, id))) return;
        await audit.record(trx, by, {
          action: "job.withdraw",
          target: { kind: "job", id },
          payload: { reason },
        });
      });
    },
  };
}
