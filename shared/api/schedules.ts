import { z } from "zod";
import { timestamp, ulidText } from "../domain/ids.ts";
import { cronText } from "../domain/schedule.ts";
import { seenRevision } from "../domain/source.ts";
import { scheduleMissed } from "../protocol/event.ts";
import { maxPerHost } from "./repos.ts";

/** GET /api/hosts/:id/schedules. `next` are the agent's own next fires, in the host's zone `tz`. */
export const schedule = z.object({
  id: ulidText,
  cron: z.string(),
  enabled: z.boolean(),
  group_ids: z.array(ulidText),
  tz: z.string(),
  next: z.array(timestamp),
  /** Why the agent cannot run it; null when it can. */
  problem: z.string().nullable(),
  /** Fires of the last 30 days that brought no backup at their time, newest first. */
  missed: z
    .array(
      scheduleMissed.pick({
        reason: true,
        source_group_id: true,
        first_due_at: true,
        last_due_at: true,
        count: true,
        caught_up_by: true,
        attempts: true,
      }),
    )
    .max(20),
  /** False while the agent has not acknowledged the newest version. */
  applied: z.boolean(),
  /** Another one with every change of what a person edits. */
  revision: z.string(),
});
export type Schedule = z.infer<typeof schedule>;
export const scheduleList = z.object({
  schedules: z.array(schedule).max(maxPerHost),
});

const groupIds = z
  .array(ulidText)
  .min(1, "Choose at least one source group.")
  .max(maxPerHost);

/** POST /api/hosts/:id/schedules → 201 `schedule`. The groups are of the same host and run in this order. */
export const scheduleSpec = z.strictObject({
  cron: cronText,
  enabled: z.boolean().default(true),
  group_ids: groupIds,
});
export type ScheduleSpec = z.infer<typeof scheduleSpec>;

/**
 * PATCH /api/schedules/:id → `schedule`; 409 `changed_meanwhile` when its `revision` is no longer the stored one.
 * DELETE → 204.
 */
export const schedulePatch = z.strictObject({
  enabled: z.boolean().optional(),
  cron: cronText.optional(),
  group_ids: groupIds.optional(),
  revision: seenRevision,
});
export type SchedulePatch = z.infer<typeof schedulePatch>;

/** GET /api/hosts/:id/schedules/preview?cron= → the next five fires of a text that is not saved, in the host's zone. */
export const previewQuery = z.strictObject({ cron: cronText });
export const schedulePreview = z.object({
  tz: z.string(),
  next: z.array(timestamp).max(5),
});
export type SchedulePreview = z.infer<typeof schedulePreview>;
