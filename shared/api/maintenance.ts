import { z } from "zod";
import { hostId, timestamp, ulidText } from "../domain/ids.ts";
import { jobStates } from "../domain/job.ts";
import {
  maintenanceSettings,
  skipReasons,
  upkeepKinds,
} from "../domain/maintenance.ts";

/** What became of one kind of upkeep, and what comes next. */
const upkeepView = z.object({
  kind: z.enum(upkeepKinds),
  next_at: timestamp.nullable(),
  last: z
    .object({
      job_id: ulidText,
      state: z.enum(jobStates),
      at: timestamp,
    })
    .nullable(),
  /** The last fire that was left out, when it is newer than the last run. */
  skipped: z.object({ at: timestamp, reason: z.enum(skipReasons) }).nullable(),
});

/** Nobody chooses from a longer list. */
export const mostRunners = 5000;

/** GET, PUT (← `maintenanceSettings`) /api/repositories/:id/maintenance */
export const maintenance = z.object({
  settings: maintenanceSettings,
  /** IANA zone that the cron texts are in: the runner's. */
  tz: z.string(),
  upkeep: z.array(upkeepView).length(upkeepKinds.length),
  /** Hosts that could do it: those that use the repository first, then every other. */
  runners: z
    .array(
      z.object({
        id: hostId,
        name: z.string(),
        online: z.boolean(),
        uses_repository: z.boolean(),
      }),
    )
    .max(mostRunners),
});
export type Maintenance = z.infer<typeof maintenance>;

/**
 * POST /api/repositories/:id/forget, /prune, /check, /unlock → 202 `job`, `queued` while another job has the repository;
 * 409 `admin_creds_required`, `retention_empty`; 503 `host_offline` leaves nothing behind.
 */
export const checkBody = z.strictObject({
  /** Percent of the data to read; absent: as in the settings. Values outside 0 to 100 are cut to them. */
  subset_pct: z
    .number()
    .transform((value) => Math.min(100, Math.max(0, value)))
    .optional(),
});
export type CheckBody = z.infer<typeof checkBody>;

/** POST /api/repositories/:id/unlock-all: removes locks of living processes too. Refused while a job of ours runs. */

/** POST /api/repositories/:id/reinit → 202 `job`: creates the repository anew where it was lost; never touches one that is there. */
export const reinitBody = z.strictObject({
  /** The repository's name as the person typed it. */
  name: z.string().max(64),
});
