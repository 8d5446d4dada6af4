import { z } from "zod";
import { timestamp, ulidText } from "../domain/ids.ts";

export const auditActorKinds = ["user", "agent", "system", "plugin"] as const;

/** GET /api/audit?user&actor_kind&action&target_kind&since&cursor&limit → newest first. */
export const auditQuery = z.strictObject({
  /** Name of the user as it was at the time. */
  user: z.string().min(1).max(64).optional(),
  actor_kind: z.enum(auditActorKinds).optional(),
  /** Part of an action, for example `host.`. */
  action: z.string().min(1).max(64).optional(),
  target_kind: z.string().min(1).max(64).optional(),
  /** Only what happened at this instant or after it. */
  since: timestamp.optional(),
  cursor: ulidText.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
export type AuditQuery = z.infer<typeof auditQuery>;

/** One thing that somebody changed. */
export const auditEntry = z.object({
  id: ulidText,
  ts: timestamp,
  actor_kind: z.enum(auditActorKinds),
  actor_id: z.string().nullable(),
  /** Name at that time; null for a stranger. */
  actor_name: z.string().nullable(),
  ip: z.string().nullable(),
  request_id: z.string().nullable(),
  action: z.string(),
  target: z.object({ kind: z.string(), id: z.string() }).nullable(),
  payload: z.record(z.string(), z.unknown()),
});
export type AuditEntryView = z.infer<typeof auditEntry>;

export const auditList = z.object({
  entries: z.array(auditEntry),
  next_cursor: z.string().nullable(),
});
export type AuditList = z.infer<typeof auditList>;
