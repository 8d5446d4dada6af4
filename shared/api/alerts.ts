import { z } from "zod";
import { alertKindNames, alertStates, severities } from "../domain/alert.ts";
import { hostId, timestamp, ulidText } from "../domain/ids.ts";

export const alert = z.object({
  id: ulidText,
  kind: z.enum(alertKindNames),
  severity: z.enum(severities),
  state: z.enum(alertStates),
  /** Null when it is about a repository. */
  host_id: hostId.nullable(),
  host_name: z.string().nullable(),
  repository_id: ulidText.nullable(),
  repository_name: z.string().nullable(),
  /** The job that failed last, for alerts of jobs. */
  job_id: ulidText.nullable(),
  message: z.string(),
  raised_at: timestamp,
  /** When it was last found to hold anew: a further failed backup, say. */
  last_seen_at: timestamp,
  acknowledged_at: timestamp.nullable(),
  acknowledged_by: z.string().nullable(),
  resolved_at: timestamp.nullable(),
  /** Name of the person; null when it ended by itself. */
  resolved_by: z.string().nullable(),
});
export type Alert = z.infer<typeof alert>;

/** GET /api/alerts?state&severity&kind&host_id&cursor&limit → newest first. */
export const alertQuery = z.strictObject({
  /** `unresolved`: open and acknowledged ones. */
  state: z.enum([...alertStates, "unresolved"]).optional(),
  severity: z.enum(severities).optional(),
  kind: z.enum(alertKindNames).optional(),
  /** Alerts of a host, and of the repositories it uses. */
  host_id: hostId.optional(),
  repository_id: ulidText.optional(),
  cursor: ulidText.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type AlertQuery = z.infer<typeof alertQuery>;

/** How many are open or acknowledged, over all hosts. */
export const alertCounts = z.object({
  open: z.number().int(),
  acknowledged: z.number().int(),
  /** Of both, those that are critical. */
  critical: z.number().int(),
  /** When the last one ended; null when none ever has. */
  last_resolved_at: timestamp.nullable(),
});
export type AlertCounts = z.infer<typeof alertCounts>;

/** GET /api/alerts */
export const alertList = z.object({
  alerts: z.array(alert),
  next_cursor: z.string().nullable(),
});
export type AlertList = z.infer<typeof alertList>;

/** GET /api/alerts/counts → `alertCounts`. POST /api/alerts/:id/acknowledge and /resolve, body `{}` → `alert`. */
