import { z } from "zod";
import { hostId, timestamp, ulidText } from "../domain/ids.ts";
import {
  backupStats,
  jobActors,
  jobKinds,
  jobProgress,
  jobStates,
  logLine,
  maintenanceStats,
} from "../domain/job.ts";
import { restoreStats } from "../domain/restore.ts";
import { bandwidthSpec } from "./hosts.ts";
import { restoreRequest } from "./restores.ts";

export const job = z.object({
  id: ulidText,
  host_id: hostId,
  host_name: z.string(),
  kind: z.enum(jobKinds),
  state: z.enum(jobStates),
  actor: z.enum(jobActors),
  /** User name, for actor `user`. */
  actor_name: z.string().nullable(),
  schedule_id: ulidText.nullable(),
  source_group_id: ulidText.nullable(),
  source_group_name: z.string().nullable(),
  repository_id: ulidText.nullable(),
  repository_name: z.string().nullable(),
  /** The fire of its schedule; later started means caught up or tried again. */
  due_at: timestamp.nullable(),
  queued_at: timestamp,
  started_at: timestamp.nullable(),
  finished_at: timestamp.nullable(),
  exit_code: z.number().int().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  stats: backupStats.nullable(),
  upkeep: maintenanceStats.nullable(),
  restore: restoreStats.nullable(),
  /** What a restore was asked to do; in lists with its first 20 paths. */
  restore_request: restoreRequest.nullable(),
  snapshot_id: z.string().nullable(),
  /** The command line as run, without secrets. */
  command: z.string().nullable(),
  log_lines: z.number().int(),
  progress: jobProgress.nullable(),
  cancel_requested: z.boolean(),
});
export type Job = z.infer<typeof job>;

/** GET /api/jobs → newest first. State `running` lists every unfinished one; times are of being queued. */
export const jobQuery = z.strictObject({
  host_id: hostId.optional(),
  kind: z.enum(jobKinds).optional(),
  state: z.enum(jobStates).optional(),
  actor: z.enum(jobActors).optional(),
  repository_id: ulidText.optional(),
  source_group_id: ulidText.optional(),
  from: timestamp.optional(),
  to: timestamp.optional(),
  cursor: ulidText.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type JobQuery = z.infer<typeof jobQuery>;
export const jobList = z.object({
  jobs: z.array(job),
  next_cursor: z.string().nullable(),
});
export type JobList = z.infer<typeof jobList>;

/** POST /api/hosts/:id/jobs → 202 `job`; 503 `host_offline` leaves nothing behind. Upkeep: `maintenance.ts`. */
export const runBody = z.strictObject({
  kind: z.literal("backup"),
  source_group_id: ulidText,
  /** Instead of the host's, for this run. */
  limits: bandwidthSpec.optional(),
});
export type RunBody = z.infer<typeof runBody>;

/** GET /api/jobs/:id/log → lines with `n` greater than `after`, in order. */
export const logQuery = z.strictObject({
  /** Only lines that contain it, letter case ignored. */
  q: z.string().min(1).max(200).optional(),
  /** Only warnings and errors. */
  issues: z.stringbool().optional(),
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(5000).default(1000),
});
export const logPage = z.object({
  lines: z.array(logLine),
  next_after: z.number().int().nullable(),
});
export type LogPage = z.infer<typeof logPage>;

/** GET /api/jobs/:id/log.txt and /log.ndjson: the whole log as a download. POST /api/jobs/:id/cancel → 202 `job`. */
