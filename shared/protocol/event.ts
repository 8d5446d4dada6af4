import { z } from "zod";
import { failureCodes } from "../domain/failure.ts";
import {
  epoch,
  hostId,
  snapshotId,
  timestamp,
  ulidText,
} from "../domain/ids.ts";
import {
  backupStats,
  jobActors,
  jobKinds,
  jobOutcomes,
  logLine,
  maintenanceStats,
} from "../domain/job.ts";
import { restoreStats } from "../domain/restore.ts";
import { repositoryLock, repositoryStats } from "../domain/maintenance.ts";

/**
 * Envelope of everything an agent reports durably, on `evt.<kind>` and `log.<job>`; signed as `rm-event-v1`, so the
 * broker cannot forge a success. `(host, epoch, seq)` names it once and for all: the server stores each once, whatever
 * is delivered twice or out of order. One sequence spans both lanes and counts from 1 without holes.
 */
export const eventEnvelope = z.object({
  v: z.literal(1),
  host: hostId,
  epoch,
  seq: z.number().int().positive(),
  t: timestamp,
  /** An `EventKind`, or `log`. Unknown kinds are stored as seen and otherwise ignored. */
  kind: z.string(),
  p: z.unknown(),
});
export type EventEnvelope = z.infer<typeof eventEnvelope>;

/** `job.started`. For a run the agent started itself this is how the server learns of the job. */
export const jobStarted = z.object({
  job_id: ulidText,
  kind: z.enum(jobKinds),
  actor: z.enum(jobActors),
  schedule_id: ulidText.nullable(),
  source_group_id: ulidText.nullable(),
  repository_id: ulidText.nullable(),
  /** The fire of the schedule it is for, also when it starts later; null for other jobs. */
  due_at: timestamp.nullable().default(null),
  started_at: timestamp,
  /** The command line as run, without secrets, for the job page. */
  command: z.string(),
});
export type JobStarted = z.infer<typeof jobStarted>;

/** `job.done`. Comes after every log line of the job was put into the outbox; `log_lines` is their number. */
export const jobDone = z.object({
  job_id: ulidText,
  kind: z.enum(jobKinds),
  actor: z.enum(jobActors),
  schedule_id: ulidText.nullable(),
  source_group_id: ulidText.nullable(),
  repository_id: ulidText.nullable(),
  outcome: z.enum(jobOutcomes),
  due_at: timestamp.nullable().default(null),
  started_at: timestamp,
  finished_at: timestamp,
  exit_code: z.number().int().nullable(),
  error: z
    .object({ code: z.enum(failureCodes), message: z.string() })
    .nullable(),
  /** Of a backup. */
  stats: backupStats.nullable(),
  /** Of upkeep. */
  upkeep: maintenanceStats.nullable().default(null),
  restore: restoreStats.nullable().default(null),
  log_lines: z.number().int(),
});
export type JobDone = z.infer<typeof jobDone>;

/** `log`: at most 200 lines or 64 KB. */
export const logBatch = z.object({
  job_id: ulidText,
  lines: z.array(logLine).min(1).max(200),
});
export type LogBatch = z.infer<typeof logBatch>;

/** restic's own snapshot record, reduced to what is shown. Sizes are null when restic was too old to say. */
export const snapshotRecord = z.object({
  id: snapshotId,
  time: z.string(),
  hostname: z.string(),
  username: z.string().nullable(),
  paths: z.array(z.string()),
  tags: z.array(z.string()),
  parent: z.string().nullable(),
  size_bytes: z.number().nullable(),
  file_count: z.number().nullable(),
});
export type SnapshotRecord = z.infer<typeof snapshotRecord>;

/**
 * `snap.part`: the authoritative snapshot list of a repository in parts of at most 256 KB. The list replaces the old
 * one in one transaction when all `of` parts of a `rev` (a ULID, newer is greater) are there.
 */
export const snapshotPart = z.object({
  repository_id: ulidText,
  rev: ulidText,
  part: z.number().int().nonnegative(),
  of: z.number().int().positive(),
  snapshots: z.array(snapshotRecord),
});
export type SnapshotPart = z.infer<typeof snapshotPart>;

/** `cfg.applied`: which configuration the agent runs by, and its own next fires. */
export const configApplied = z.object({
  rev: z.number().int(),
  tz: z.string(),
  schedules: z.array(
    z.object({
      id: ulidText,
      next: z.array(timestamp).max(5),
      error: z.string().nullable(),
    }),
  ),
});
export type ConfigApplied = z.infer<typeof configApplied>;

/**
 * `log.gap`: log rows the agent had to drop because its outbox was full. Every number of the range is gone for good and
 * the committed mark moves past them, so a range never spans a row that was kept, and ends before the gap's own number.
 */
export const logGap = z.object({
  from_seq: z.number().int().positive(),
  to_seq: z.number().int().positive(),
  job_ids: z.array(ulidText),
});
export type LogGap = z.infer<typeof logGap>;

/** `repo.stats`: how a job left a repository; comes after the job's log and before its `job.done`. */
export const repoStats = z.object({
  repository_id: ulidText,
  at: timestamp,
  stats: repositoryStats,
});
export type RepoStats = z.infer<typeof repoStats>;

/** `repo.unlocked`: locks the agent removed because it proved their processes dead, or was told to. */
export const repoUnlocked = z.object({
  repository_id: ulidText,
  job_id: ulidText.nullable(),
  at: timestamp,
  locks: z.array(repositoryLock).min(1).max(100),
});
export type RepoUnlocked = z.infer<typeof repoUnlocked>;

/**
 * `sched.missed`: fires of a schedule that brought no job at their time. `agent_down` and `asleep`: nobody was there;
 * `busy`: the backup before still ran; `abandoned`: every further attempt failed too.
 */
export const scheduleMissed = z.object({
  schedule_id: ulidText,
  /** Of `busy` and `abandoned`; null when all groups of the schedule were missed. */
  source_group_id: ulidText.nullable(),
  reason: z.enum(["agent_down", "asleep", "busy", "abandoned"]),
  first_due_at: timestamp,
  last_due_at: timestamp,
  count: z.number().int().positive(),
  /** The backups that made up for them, once; empty for none. */
  caught_up_by: z.array(ulidText).max(100),
  /** Attempts made, of `abandoned`. */
  attempts: z.number().int().nonnegative(),
});
export type ScheduleMissed = z.infer<typeof scheduleMissed>;
