import { z } from "zod";
import { timestamp, ulidText } from "../domain/ids.ts";
import { cronText } from "../domain/schedule.ts";
import { maxPerHost } from "./repos.ts";

/** GET /api/hosts/:id/schedules. `next` are the agent's own next fires, in the host's zone `tz`. */
export const schedule = z.object({
  id: ulidText,
  cron: z.string(),
  enabled: z.boolean(),
  group_ids: z.array(ulidText),
  tz: z.string(),
  next: z.array(timestamp),
  /** False while the agent has not acknowledged the newest version. */
  applied: z.boolean(),
});
export type Schedule = z.infer<typeof schedule>;
export const scheduleList = z.object({
  schedules: z.array(schedule).max(maxPerHost),
});

/** PATCH /api/schedules/:id → `schedule`. */
export const schedulePatch = z.strictObject({
  enabled: z.boolean().optional(),
  cron: cronText.optional(),
});
export type SchedulePatch = z.infer<typeof schedulePatch>;
