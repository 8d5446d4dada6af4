import type { Clock } from "@restic-manager/shared/clock.ts";
import {
  failure,
  failures,
  type Failure,
} from "@restic-manager/shared/domain/failure.ts";
import type { hookStatuses } from "@restic-manager/shared/domain/hook.ts";
import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import type { HookEnd, HookRunner } from "../hooks/run-hook.ts";
import { createHookLog } from "./hook-log.ts";
import type { JobLog } from "./job-log.ts";
import type { JobStore } from "./job-store.ts";
import { keep } from "./keep.ts";
import { phaseOnly } from "./progress.ts";

export interface BackupHooksDeps {
  readonly clock: Clock;
  readonly hooks: HookRunner;
  readonly jobs: JobStore;
  readonly live: (jobId: string, progress: JobProgress) => void;
  readonly log: Log;
  /** Aborted when the agent stops. */
  readonly stopping: AbortSignal;
}

export interface HookedJob {
  readonly jobId: string;
  readonly group: Pick<ConfigBundle["groups"][number], "name" | "hooks">;
  readonly shell: ConfigBundle["hook_shell"];
}

export interface HookStatus {
  readonly status: (typeof hookStatuses)[number];
  readonly snapshotId?: string | undefined;
  /** Of the job: a person who cancels it from now on does not want to wait for the hook either. */
  readonly signal?: AbortSignal;
}

/** What an agent that is told to stop still gives a post-hook, which may have to start a database again. */
const stoppingMs = 30_000;

/** Runs the hook before a backup. @returns why there must be no backup; null to go on */
export async function runPreHook(
  deps: BackupHooksDeps,
  job: HookedJob,
  log: JobLog,
  signal: AbortSignal,
): Promise<Failure | null> {
  const { pre, post, timeout_s } = job.group.hooks;
  // Also when this agent is killed in between.
  if (!isNone(post)) deps.jobs.owesHook(job.jobId, true);
  if (isNone(pre)) return null;
  deps.live(job.jobId, phaseOnly("pre_hook"));
  const end = await runHook(deps, job, log, { name: "pre", text: pre, signal });
  switch (end.type) {
    case "succeeded":
      return null;
    case "failed":
      return failure(
        "hook_failed",
        `The pre-hook ${end.words}. ${failures.hook_failed}`,
      );
    case "timeout":
      return failure(
        "hook_timeout",
        `The pre-hook ran longer than ${timeout_s} seconds. ${failures.hook_timeout}`,
      );
    case "stopped":
      return failure(signal.reason as "cancelled" | "agent_stopped");
  }
}

/** Runs the hook after a backup, whatever became of that; its own failure changes nothing but the log. */
export async function runPostHook(
  deps: BackupHooksDeps,
  job: HookedJob,
  log: JobLog,
  { status, snapshotId, signal }: HookStatus,
): Promise<void> {
  const { post, timeout_s } = job.group.hooks;
  if (isNone(post)) return;
  deps.live(job.jobId, phaseOnly("post_hook"));
  const stop = createPostHookStop(deps, signal);
  const end = await runHook(deps, job, log, {
    name: "post",
    text: post,
    signal: stop.signal,
    env: {
      RM_JOB_STATUS: status,
      ...(snapshotId === undefined ? {} : { RM_SNAPSHOT_ID: snapshotId }),
    },
  })
    .catch(asFailed)
    .finally(stop.done);
  await keep(deps, deps.stopping, () => deps.jobs.owesHook(job.jobId, false));
  if (end.type !== "succeeded")
    log.add(
      "warning",
      "system",
      `${postWords(end, timeout_s)} The backup is not affected.`,
    );
}

/** As when a full disk leaves no room for its output: what was backed up is backed up. */
function asFailed(error: unknown): HookEnd {
  const reason = error instanceof Error ? error.message : String(error);
  return { type: "failed", words: `could not be run to its end (${reason})` };
}

function createPostHookStop(
  { clock, stopping }: BackupHooksDeps,
  job: AbortSignal | undefined,
) {
  const stop = new AbortController();
  let cancel = () => {};
  const end = () => stop.abort();
  const onStopping = () => (cancel = clock.after(stoppingMs, end));
  const onJob = () => {
    if (!stopping.aborted) end();
  };
  if (stopping.aborted) onStopping();
  stopping.addEventListener("abort", onStopping);
  job?.addEventListener("abort", onJob);
  return {
    signal: stop.signal,
    done() {
      cancel();
      stopping.removeEventListener("abort", onStopping);
      job?.removeEventListener("abort", onJob);
    },
  };
}

function postWords(
  end: Exclude<HookEnd, { type: "succeeded" }>,
  seconds: number,
): string {
  switch (end.type) {
    case "failed":
      return `The post-hook ${end.words}.`;
    case "timeout":
      return `The post-hook ran longer than ${seconds} seconds and was ended.`;
    case "stopped":
      return "The post-hook was ended before it was done, because its job was cancelled or the agent stops.";
  }
}

function isNone(text: string | null): text is null {
  return text === null || text.trim() === "";
}

async function runHook(
  deps: BackupHooksDeps,
  { jobId, group, shell }: HookedJob,
  log: JobLog,
  hook: {
    name: "pre" | "post";
    text: string;
    signal: AbortSignal;
    env?: Record<string, string>;
  },
): Promise<HookEnd> {
  const lines = createHookLog(log, hook.name);
  try {
    return await deps.hooks.run({
      text: hook.text,
      shell,
      env: { RM_JOB_ID: jobId, RM_SOURCE_GROUP: group.name, ...hook.env },
      limitMs: group.hooks.timeout_s * 1000,
      signal: hook.signal,
      onLine: lines.add,
    });
  } finally {
    lines.end();
  }
}
