import type { Clock } from "@restic-manager/shared/clock.ts";
import {
  isTerminal,
  isUpkeep,
  nextJobState,
} from "@restic-manager/shared/domain/job.ts";
import type { JobKind } from "@restic-manager/shared/domain/job.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type {
  JobDone,
  JobStarted,
  LogBatch,
} from "@restic-manager/shared/protocol/event.ts";
import type { Events } from "../../events.ts";
import type { AfterCommit, EventHandler } from "../../ports/agent-link.ts";
import type { Trx } from "../../ports/transaction.ts";
import { createSeldom } from "../../seldom.ts";
import { cutCommand, cutError, type JobLimits } from "./limits.ts";
import { appendLines } from "./log-store.ts";
import { heardAgain, lastHeard } from "./presumed.ts";
import type { ProgressBoard } from "./progress.ts";
import * as store from "./store.ts";

/** Tells the repository's keeper how a job found it. @returns whether the repository's status changed. */
export type RepositoryUsed = (
  trx: Trx,
  repositoryId: string,
  use: {
    kind: JobKind;
    failure: { code: string; message: string } | null;
    at: string;
  },
) => Promise<boolean>;

export interface JobReports {
  started: EventHandler<JobStarted>;
  done: EventHandler<JobDone>;
  log: EventHandler<LogBatch>;
}

/**
 * Stores what agents report about jobs, in whatever order it comes: each report alone is enough to make the job's row,
 * and what is known of the job after all of them does not depend on their order. A job that has ended stays ended.
 */
export function createJobReports(deps: {
  repositoryUsed: RepositoryUsed;
  progress: Pick<ProgressBoard, "forget">;
  limits: JobLimits;
  events: Events;
  clock: Clock;
  log: Log;
}): JobReports {
  const { repositoryUsed, progress, limits, events } = deps;
  const isToBeSaid = createSeldom(deps.clock);

  function complain(hostId: string, jobId: string, message: string): void {
    const count = isToBeSaid(`${hostId} ${message}`);
    if (count === null) return;
    const about = { host_id: hostId, job_id: jobId, count: count + 1 };
    deps.log.warn(message, about);
  }

  /** The job's row, made when there is none; null when it is another host's, or the host has made too many. */
  async function ownJob(
    trx: Trx,
    hostId: string,
    id: string,
    seenAt: string,
  ): Promise<store.StoredJob | null> {
    const known = await store.findJob(trx, id);
    if (known === null) {
      if (!limits.takesJob(hostId)) {
        complain(hostId, id, "A host reports more jobs than the server keeps");
        return null;
      }
      await store.insertJob(trx, {
        id,
        host_id: hostId,
        kind: "backup",
        status: "running",
        // Until a report says who started it.
        actor_kind: "agent",
        queued_at: seenAt,
      });
      return store.findJob(trx, id);
    }
    if (known.host_id === hostId) return known;
    complain(hostId, id, "A host reported about another host's job");
    return null;
  }

  /** What only the agent knows of a job that the server did not start. */
  async function origin(
    trx: Trx,
    job: store.StoredJob,
    report: JobStarted | JobDone,
  ) {
    if (job.actor_kind !== "agent") return {};
    // Upkeep is begun by this server alone; what a host claims besides says nothing about a repository.
    const repository_id =
      report.kind === "backup" ? report.repository_id : null;
    return {
      kind: report.kind,
      actor_kind: report.actor,
      due_at: report.due_at,
      queued_at: report.started_at,
      ...(await store.keepOwn(trx, job.host_id, { ...report, repository_id })),
    };
  }

  function changed(jobId: string, hostId: string): void {
    events.emit({ type: "job.changed", jobId, hostId });
    events.emit({ type: "host.changed", hostId });
  }

  async function noteRepository(
    trx: Trx,
    job: store.StoredJob,
    { outcome, error, finished_at }: JobDone,
  ): Promise<AfterCommit | undefined> {
    const { repository_id, kind } = job;
    if (repository_id === null) return undefined;
    const worked =
      outcome === "succeeded" || outcome === "succeeded_with_issues";
    const use = { kind, failure: worked ? null : error, at: finished_at };
    const isKnown = worked || error !== null;
    const isChanged =
      isKnown && (await repositoryUsed(trx, repository_id, use));
    // What upkeep did, and that it failed, stands at the repository.
    return isChanged || isUpkeep(kind)
      ? () =>
          events.emit({
            type: "repository.changed",
            repositoryId: repository_id,
          })
      : undefined;
  }

  return {
    async started(trx, { hostId, payload }) {
      const id = payload.job_id;
      const job = await ownJob(trx, hostId, id, payload.started_at);
      if (job === null) return undefined;
      const state = lastHeard(job);
      await store.updateJob(trx, id, {
        ...(await origin(trx, job, payload)),
        ...(state === job.status ? {} : heardAgain),
        status: nextJobState(state, { type: "started" }),
        started_at: job.started_at ?? payload.started_at,
        command: cutCommand(payload.command),
      });
      return () => changed(id, hostId);
    },

    async done(trx, { hostId, payload }) {
      const id = payload.job_id;
      const job = await ownJob(trx, hostId, id, payload.started_at);
      if (job === null) return undefined;
      const state = lastHeard(job);
      if (isTerminal(state)) return undefined;
      await store.updateJob(trx, id, {
        ...(await origin(trx, job, payload)),
        status: nextJobState(state, {
          type: "done",
          outcome: payload.outcome,
        }),
        started_at: job.started_at ?? payload.started_at,
        finished_at: payload.finished_at,
        exit_code: payload.exit_code,
        stats: statsText(payload),
        snapshot_id: payload.stats?.snapshot_id?.slice(0, 64) ?? null,
        log_lines: payload.log_lines,
        error_code: payload.error?.code ?? null,
        error: payload.error === null ? null : cutError(payload.error.message),
      });
      const ended = (await store.findJob(trx, id)) ?? job;
      const tellRepository = await noteRepository(trx, ended, payload);
      return () => {
        progress.forget(id);
        changed(id, hostId);
        tellRepository?.();
      };
    },

    async log(trx, { hostId, t, payload }) {
      const { job_id: jobId, lines } = payload;
      if ((await ownJob(trx, hostId, jobId, t)) === null) return undefined;
      const kept = limits.kept(hostId, jobId, lines);
      await appendLines(trx, jobId, kept);
      return () => events.emit({ type: "job.log", jobId, lines: kept });
    },
  };
}

function statsText({ stats, upkeep, restore }: JobDone): string | null {
  const told = stats ?? upkeep ?? restore;
  return told === null ? null : JSON.stringify(told);
}
