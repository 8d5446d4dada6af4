import { z } from "zod";
import { jobProgress, logLine } from "../domain/job.ts";
import { alert, alertCounts } from "./alerts.ts";
import { fleetSummary, hostRow, pendingHost } from "./hosts.ts";
import { job } from "./jobs.ts";
import { repository } from "./repos.ts";

/**
 * What the browser hears, by topic. `fleet` carries everything but a job's progress and log, which are on `job:<id>`.
 *
 * WebSocket GET /api/live: client → `liveRequest`, server → `liveFrame`. SSE: GET /api/events is topic `fleet`,
 * GET /api/jobs/:id/stream is topic `job:<id>`; the SSE event id is `<boot>-<seq>` and Last-Event-ID resumes.
 */
export const liveEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("host.changed"), host: hostRow }),
  z.object({ type: z.literal("host.removed"), host_id: z.string() }),
  z.object({
    type: z.literal("pending.changed"),
    pending: z.array(pendingHost),
  }),
  z.object({ type: z.literal("summary.changed"), summary: fleetSummary }),
  z.object({ type: z.literal("job.changed"), job }),
  z.object({
    type: z.literal("repository.changed"),
    repository,
    host_ids: z.array(z.string()),
  }),
  z.object({
    type: z.literal("host.config"),
    host_id: z.string(),
    cfg_rev: z.number(),
    applied_cfg_rev: z.number(),
  }),
  z.object({
    type: z.literal("snapshots.changed"),
    repository_id: z.string(),
    host_ids: z.array(z.string()),
  }),
  /** `counts` are those after the change. */
  z.object({ type: z.literal("alert.changed"), alert, counts: alertCounts }),
  /** A notification channel, or what is known of its deliveries, changed. */
  z.object({ type: z.literal("channels.changed") }),
  z.object({
    type: z.literal("job.progress"),
    job_id: z.string(),
    progress: jobProgress,
  }),
  z.object({
    type: z.literal("job.log"),
    job_id: z.string(),
    lines: z.array(logLine),
  }),
  /** Something went wrong while streaming; the page shows it instead of ending silently. */
  z.object({
    type: z.literal("error"),
    code: z.string(),
    message: z.string(),
    request_id: z.string(),
  }),
]);
export type LiveEvent = z.infer<typeof liveEvent>;

export type LiveTopic = "fleet" | `job:${string}`;

export const liveRequest = z.discriminatedUnion("op", [
  /** `since` is the last `s` seen on the topic with the same `boot`; without it only new events come. */
  z.strictObject({
    op: z.literal("sub"),
    topic: z.string().max(64),
    since: z
      .strictObject({ boot: z.string().max(64), s: z.number().int() })
      .optional(),
  }),
  z.strictObject({ op: z.literal("unsub"), topic: z.string().max(64) }),
  z.strictObject({ op: z.literal("ping") }),
]);
export type LiveRequest = z.infer<typeof liveRequest>;

export const liveFrame = z.discriminatedUnion("f", [
  /** First frame. `boot` changes with every start of the server. */
  z.object({ f: z.literal("hello"), boot: z.string() }),
  /** Answer to `sub`. `reset`: events may have been missed; fetch again. `s`: position from which events follow. */
  z.object({
    f: z.literal("sub"),
    topic: z.string(),
    s: z.number().int(),
    reset: z.boolean(),
  }),
  z.object({
    f: z.literal("event"),
    topic: z.string(),
    s: z.number().int(),
    e: liveEvent,
  }),
  /** `request_id` names what the server's log has of it; empty for a request of the page that was wrong. */
  z.object({
    f: z.literal("error"),
    code: z.string(),
    message: z.string(),
    request_id: z.string(),
  }),
  z.object({ f: z.literal("pong") }),
]);
export type LiveFrame = z.infer<typeof liveFrame>;
