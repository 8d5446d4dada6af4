import { z } from "zod";

/** Upkeep of a repository, beside backups. `init` creates a repository anew at its address and never touches one that is there. */
export const maintenanceKinds = [
  "forget",
  "prune",
  "check",
  "unlock",
  "init",
] as const;
export type MaintenanceKind = (typeof maintenanceKinds)[number];

export const jobKinds = ["backup", "restore", ...maintenanceKinds] as const;
export type JobKind = (typeof jobKinds)[number];

export function isUpkeep(kind: JobKind): kind is MaintenanceKind {
  return (maintenanceKinds as readonly JobKind[]).includes(kind);
}

/** No other job may use the repository at the same time, as far as this product knows of one. */
export const exclusiveKinds: readonly JobKind[] = [
  "forget",
  "prune",
  "check",
  "init",
];

export const jobStates = [
  "queued",
  "sent",
  "running",
  "succeeded",
  "succeeded_with_issues",
  "failed",
  "cancelled",
  "lost",
] as const;
export type JobState = (typeof jobStates)[number];

export const jobOutcomes = [
  "succeeded",
  "succeeded_with_issues",
  "failed",
  "cancelled",
  "lost",
] as const;
export type JobOutcome = (typeof jobOutcomes)[number];

export const jobActors = ["user", "schedule", "system", "agent"] as const;
export type JobActor = (typeof jobActors)[number];

export type JobEvent =
  | { type: "sent" }
  | { type: "started" }
  | { type: "refused" }
  | { type: "done"; outcome: JobOutcome };

export function isTerminal(state: JobState): state is JobOutcome {
  return (jobOutcomes as readonly JobState[]).includes(state);
}

/**
 * The job state machine. Events may arrive late, twice or out of order: the result is the state after the event, and
 * a terminal state never changes.
 *
 *   queued ─sent→ sent ─started→ running ─done→ succeeded │ succeeded_with_issues │ failed │ cancelled │ lost
 */
export function nextJobState(state: JobState, event: JobEvent): JobState {
  if (isTerminal(state)) return state;
  switch (event.type) {
    case "sent":
      return state === "queued" ? "sent" : state;
    case "started":
      return "running";
    case "refused":
      return state === "running" ? state : "failed";
    case "done":
      return event.outcome;
  }
}

/** What a backup did, from restic's summary. Sizes in bytes, duration in seconds; absent when restic was too old. */
export const backupStats = z.object({
  snapshot_id: z.string().optional(),
  files_new: z.number().optional(),
  files_changed: z.number().optional(),
  files_unmodified: z.number().optional(),
  dirs_new: z.number().optional(),
  dirs_changed: z.number().optional(),
  data_added: z.number().optional(),
  data_added_packed: z.number().optional(),
  total_files_processed: z.number().optional(),
  total_bytes_processed: z.number().optional(),
  total_duration: z.number().optional(),
  /** Files and folders that restic could not read. */
  errors: z.number().optional(),
});
export type BackupStats = z.infer<typeof backupStats>;

/** What upkeep did. Counts of snapshots, sizes in bytes; absent where it does not apply or restic was too old to say. */
export const maintenanceStats = z.object({
  /** forget: per source group, what its policy kept and removed. */
  groups: z
    .array(
      z.object({
        host: z.string(),
        tag: z.string(),
        kept: z.number().int(),
        removed: z.number().int(),
      }),
    )
    .max(1000)
    .optional(),
  /** forget: snapshots of the repository before and after, as listed, not as promised. */
  snapshots_before: z.number().int().optional(),
  snapshots_after: z.number().int().optional(),
  /** prune: bytes the repository takes less than before. */
  bytes_freed: z.number().optional(),
  /** check: what was read of the data, in percent. */
  subset_pct: z.number().optional(),
  /** check: errors found. */
  errors: z.number().int().optional(),
  /** unlock: locks removed, and locks left because their process may be alive. */
  locks_removed: z.number().int().optional(),
  locks_left: z.number().int().optional(),
});
export type MaintenanceStats = z.infer<typeof maintenanceStats>;

/** Volatile progress of a running job; never stored. Sizes in bytes, rate in bytes per second, times in seconds. */
export const jobProgress = z.object({
  phase: z.enum([
    "waiting",
    "locked",
    "pre_hook",
    "scanning",
    "backup",
    "finishing",
    "post_hook",
    "working",
    "restoring",
  ]),
  percent: z.number().min(0).max(100),
  bytes_done: z.number(),
  bytes_total: z.number(),
  files_done: z.number(),
  files_total: z.number(),
  current_files: z.array(z.string()).max(8),
  errors: z.number(),
  seconds_elapsed: z.number(),
  seconds_remaining: z.number().nullable(),
  rate: z.number().nullable(),
});
export type JobProgress = z.infer<typeof jobProgress>;

export const logStreams = ["stdout", "stderr", "hook", "system"] as const;

/** One line of a job's log. `n` counts from 1 without holes. */
export const logLine = z.object({
  n: z.number().int().positive(),
  /** RFC 3339 UTC. */
  t: z.string(),
  s: z.enum(logStreams),
  /** At most `maxLogLine` characters. */
  l: z.string(),
  /** What the line is about, so that a person can look at the issues only. */
  k: z.enum(["new", "changed", "warning", "error", "info"]),
});
export type LogLine = z.infer<typeof logLine>;

export const maxLogLine = 4096;
