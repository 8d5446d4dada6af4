import { z } from "zod";
import { hostId, timestamp, ulidText } from "../domain/ids.ts";
import {
  backupStats,
  jobActors,
  jobKinds,
  jobProgress,
  jobStates,
  logLine,
} from "../domain/job.ts";

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
  queued_at: timestamp,
  started_at: timestamp.nullable(),
  finished_at: timestamp.nullable(),
  exit_code: z.number().int().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  stats: backupStats.nullable(),
  snapshot_id: z.string().nullable(),
  /** The command line as run, without secrets. */
  command: z.string().nullable(),
  log_lines: z.number().int(),
  progress: jobProgress.nullable(),
  cancel_requested: z.boolean(),
});
export type Job = z.infer<typeof job>;

/** GET /api/jobs?host_id&state&kind&cursor&limit → newest first. `running` lists every unfinished one. */
export const jobQuery = z.strictObject({
  host_id: hostId.optional(),
  state: z.enum(jobStates).optional(),
  cursor: ulidText.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const jobList = z.object({
  jobs: z.array(job),
  next_cursor: z.string().nullable(),
});
export type JobList = z.infer<typeof jobList>;

/** POST /api/hosts/:id/jobs → 202 `job`; 503 `host_offline` leaves nothing behind. */
export const runBody = z.strictObject({
  kind: z.enum(jobKinds),
  source_group_id: ulidText,
});
export type RunBody = z.infer<typeof runBody>;

/** GET /api/jobs/:id/log?after&limit → lines with `n` greater than `after`, in order. */
export const logQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(5000).default(1000),
});
export const logPage = z.object({
  lines: z.array(logLine),
  next_after: z.number().int().nullable(),
});
export type LogPage = z.infer<typeof logPage>;

/** GET /api/jobs/:id/log.txt and /log.ndjson: the whole log as a download. POST /api/jobs/:id/cancel → 202 `job`. */
