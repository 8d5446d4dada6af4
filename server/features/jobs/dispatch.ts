import { z } from "zod";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { ApiErrorCode } from "@restic-manager/shared/api/errors.ts";
import type { Job, RunBody } from "@restic-manager/shared/api/jobs.ts";
import { nextJobState } from "@restic-manager/shared/domain/job.ts";
import type { JobEvent } from "@restic-manager/shared/domain/job.ts";
import type { JobStart } from "@restic-manager/shared/protocol/command.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { AgentCommands } from "../../ports/agent-link.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import type { Jobs } from "./jobs.ts";
import * as store from "./store.ts";

const answerTimeoutMs = 10_000;

const notBackYet =
  "The server has just started, and this host has not come back yet; nothing was queued. Try again in a moment.";

/** The command has certainly not reached the agent. */
const undelivered: ReadonlySet<ApiErrorCode> = new Set([
  "host_offline",
  "host_not_found",
  "starting",
]);
/** It may have: the agent did not answer, or not in a way to be believed. */
const uncertain: ReadonlySet<ApiErrorCode> = new Set([
  "agent_timeout",
  "agent_refused",
]);

/**
 * Starts a job on a host now.
 *
 * The row is there before the command goes out, so whatever the agent reports finds it. When the command did not reach
 * the agent, the row goes again: nothing is queued for a host that is away. When nobody knows, the job stays `sent`:
 * either the agent reports it, or reconciliation finds that it never did.
 */
export function createDispatch(deps: {
  tx: Transaction;
  commands: AgentCommands;
  presence: { epochOf(hostId: string): string | null };
  jobs: Pick<Jobs, "get">;
  audit: Audit;
  events: Events;
  random: Random;
  clock: Clock;
}): (hostId: string, body: RunBody, by: Initiator) => Promise<Job> {
  const { tx, commands, presence, jobs, audit, events, random } = deps;
  const now = () => toTimestamp(deps.clock.now());

  async function plan(trx: Trx, hostId: string, groupId: string) {
    const target = await store.findTarget(trx, hostId, groupId);
    if (target === null) throw new AppError("host_not_found");
    const epoch = presence.epochOf(hostId);
    if (epoch === null)
      throw new AppError(
        "host_offline",
        target.status === "online" ? { message: notBackYet } : {},
      );
    if (!target.setUp) throw new AppError("host_not_set_up");
    if (target.group === null) throw new AppError("source_group_not_found");
    return { group: target.group, cfg_rev: target.cfg_rev, epoch };
  }

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

  async function withdraw(id: string, by: Initiator, reason: string) {
    await tx.run(async (trx) => {
      if (!(await store.deleteQueued(trx, id))) return;
      await audit.record(trx, by, {
        action: "job.withdraw",
        target: { kind: "job", id },
        payload: { reason },
      });
    });
  }

  async function send(hostId: string, start: JobStart, by: Initiator) {
    const id = start.job_id;
    try {
      const answer = await commands.send(
        hostId,
        "job.start",
        () => start,
        z.unknown(),
        answerTimeoutMs,
      );
      if (answer.ok) return await moveOn(id, { type: "sent" });
      await moveOn(
        id,
        { type: "refused" },
        {
          finished_at: now(),
          error_code: answer.code,
          error: answer.message,
        },
      );
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (undelivered.has(error.code)) await withdraw(id, by, error.code);
      if (!uncertain.has(error.code)) throw error;
      await moveOn(id, { type: "sent" });
    }
  }

  return async (hostId, { kind, source_group_id }, by) => {
    const id = random.id();
    const { cfg_rev, epoch } = await tx.run(async (trx) => {
      const planned = await plan(trx, hostId, source_group_id);
      await store.insertJob(trx, {
        id,
        host_id: hostId,
        kind,
        status: "queued",
        actor_kind: "user",
        actor_id: by.id,
        source_group_id,
        repository_id: planned.group.repositoryId,
        queued_at: now(),
      });
      await audit.record(trx, by, {
        action: "job.run",
        target: { kind: "job", id },
        payload: { host_id: hostId, kind, source_group_id },
      });
      return planned;
    });
    const start = { job_id: id, kind, source_group_id, cfg_rev, epoch };
    await send(hostId, start, by);
    events.emit({ type: "job.changed", jobId: id, hostId });
    events.emit({ type: "host.changed", hostId });
    return jobs.get(id);
  };
}
