import { z } from "zod";
import { hostId, timestamp, ulidText } from "../domain/ids.ts";
import { jobKinds, jobStates } from "../domain/job.ts";
import { archName, osName } from "../protocol/announce.ts";
import { bandwidth } from "../protocol/command.ts";
import { resticInfo } from "../protocol/hello.ts";

/**
 * How a host is doing, in the order of attention: `failed` (last backup failed or lost), `offline`, `degraded` (last
 * backup with issues), `running`, `no_backup`, `asleep` (an intermittent host that is away), `healthy`.
 */
export const hostHealth = [
  "failed",
  "offline",
  "degraded",
  "running",
  "no_backup",
  "asleep",
  "healthy",
] as const;
export type HostHealth = (typeof hostHealth)[number];

export const jobBrief = z.object({
  id: ulidText,
  kind: z.enum(jobKinds),
  state: z.enum(jobStates),
  started_at: timestamp.nullable(),
  finished_at: timestamp.nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  bytes_added: z.number().nullable(),
});
export type JobBrief = z.infer<typeof jobBrief>;

/** What happened on one day of the last 30, oldest first; `none` when nothing ran. */
export const dayResults = ["none", "ok", "issues", "failed"] as const;

/**
 * More than one process speaks with this host's key: its identity was copied, with a disk image or a folder. Both go
 * on backing up until somebody enrols one of them anew. `boot_time` is as the machine itself says it.
 */
export const identityConflict = z.object({
  since: timestamp,
  instances: z
    .array(
      z.object({
        hostname: z.string(),
        boot_time: timestamp,
        last_seen_at: timestamp,
      }),
    )
    .max(8),
});
export type IdentityConflict = z.infer<typeof identityConflict>;

/** A row of the fleet table, and the payload of its live updates. */
export const hostRow = z.object({
  id: hostId,
  name: z.string(),
  os: osName,
  arch: archName,
  online: z.boolean(),
  health: z.enum(hostHealth),
  last_seen_at: timestamp.nullable(),
  approved_at: timestamp,
  agent_version: z.string(),
  /** False until a repository and a source group were saved: the set-up dialog has a second phase to finish. */
  set_up: z.boolean(),
  tags: z.array(z.string()),
  /** False: a laptop, say; being away is no fault of it. */
  always_on: z.boolean(),
  /** The newest attempt that ended by itself, however it ended. */
  last_backup: jobBrief.nullable(),
  /** When the newest backup ended that saved something, with or without issues. */
  last_success_at: timestamp.nullable(),
  running_job: jobBrief.nullable(),
  next_run_at: timestamp.nullable(),
  snapshot_count: z.number().int(),
  identity_conflict: identityConflict.nullable(),
  days: z.array(z.enum(dayResults)).length(30),
});
export type HostRow = z.infer<typeof hostRow>;

/** GET /api/hosts?cursor&limit → by name. */
export const hostQuery = z.strictObject({
  cursor: z.string().max(300).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(200),
});
export const hostList = z.object({
  hosts: z.array(hostRow),
  next_cursor: z.string().nullable(),
});
export type HostList = z.infer<typeof hostList>;

/** A key the host has, or had until it was replaced. */
export const hostKey = z.object({
  fingerprint: z.string(),
  since: timestamp,
  /** Null for the present one. */
  until: timestamp.nullable(),
});
export type HostKey = z.infer<typeof hostKey>;

/** GET /api/hosts/:id */
export const hostDetail = hostRow.extend({
  fingerprint: z.string(),
  /** Newest first. */
  keys: z.array(hostKey).max(20),
  hostname: z.string(),
  os_version: z.string(),
  tz: z.string(),
  boot_time: timestamp.nullable(),
  agent_commit: z.string(),
  restic: resticInfo.nullable(),
  approved_by: z.string(),
  announced_from_ip: z.string(),
  cfg_rev: z.number().int(),
  /** Lower than `cfg_rev` while the agent has not applied the newest configuration: the drift badge. */
  applied_cfg_rev: z.number().int(),
  bandwidth,
  /** How far the host's clock is ahead, in milliseconds, as its agent last said. */
  clock_skew_ms: z.number().int(),
  /** Whether what is in new snapshots is told to the server, so that it can be browsed at once. */
  index_enabled: z.boolean(),
});
export type HostDetail = z.infer<typeof hostDetail>;

const kbps = z
  .number()
  .int("Use a whole number of KiB per second.")
  .min(1, "Use a number from 1, or leave it empty for no limit.")
  .max(10_000_000)
  .nullable();
export const bandwidthSpec = z.strictObject({ up_kbps: kbps, down_kbps: kbps });

export const hostTag = z
  .string()
  .trim()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,31}$/,
    "Use 1 to 32 lower-case letters, digits, dots, dashes or underscores.",
  );

/** PATCH /api/hosts/:id → `hostDetail`. Absent keeps. */
export const hostPatch = z.strictObject({
  tags: z.array(hostTag).max(20).optional(),
  always_on: z.boolean().optional(),
  bandwidth: bandwidthSpec.optional(),
  index_enabled: z.boolean().optional(),
});
export type HostPatch = z.infer<typeof hostPatch>;

/**
 * DELETE /api/hosts/:id → `hostRemoved`. The host's name as the person typed it. Its access ends at once; its jobs, logs
 * and schedules go, and repositories that no other host uses go from the list with their passwords. The repositories
 * themselves, and the history of changes, stay. `temporary_keys_left` while keys of restores on other hosts are in them.
 */
export const removeBody = z.strictObject({
  name: z.string().max(253),
  /** Those keys may stay: nobody but who asks will remove them. */
  leave_keys: z.boolean().default(false),
});

/** A key that a restore on another host was given, as restic lists it. */
const leftKey = z.object({
  /** Name of the repository that it opens. */
  repository: z.string(),
  /** restic's user name of the key. */
  label: z.string(),
  /** restic's id of the key; null when its agent has not confirmed that it was made. */
  key_id: z.string().nullable(),
});
export type LeftKey = z.infer<typeof leftKey>;

/** Keys that were left behind; empty without `leave_keys`. */
export const hostRemoved = z.object({ left_keys: z.array(leftKey).max(5000) });
export type HostRemoved = z.infer<typeof hostRemoved>;

/** POST /api/hosts/:id/rotate-key, body `{}` → `hostDetail` with the new fingerprint, once the agent has the new key. */

/** GET /api/fleet/summary */
export const fleetSummary = z.object({
  hosts: z.record(z.enum(hostHealth), z.number().int()),
  total: z.number().int(),
  online: z.number().int(),
  /** Backups that ended in the last 24 hours, and per hour, oldest first. */
  jobs_24h: z.object({
    ok: z.number().int(),
    issues: z.number().int(),
    failed: z.number().int(),
  }),
  jobs_by_hour: z
    .array(
      z.object({
        ok: z.number().int(),
        issues: z.number().int(),
        failed: z.number().int(),
      }),
    )
    .length(24),
  /** Hosts with a successful backup in the last 24 hours. */
  backed_up_24h: z.number().int(),
  snapshots: z.number().int(),
});
export type FleetSummary = z.infer<typeof fleetSummary>;

/** GET /api/pending → only those that proved possession of their key. */
export const pendingHost = z.object({
  id: z.string(),
  hostname: z.string(),
  os: osName,
  arch: archName,
  agent_version: z.string(),
  restic_version: z.string().nullable(),
  fingerprint: z.string(),
  announced_from_ip: z.string(),
  announced_at: timestamp,
  last_seen_at: timestamp,
  expires_at: timestamp,
  /** `host`: an approved host has this name with another key. `pending`: another waiting one has it. */
  collision: z.enum(["none", "host", "pending"]),
  /** The host with this key was removed by an administrator, or replaced the key, and now asks again. */
  removed: z.object({ name: z.string(), at: timestamp }).nullable(),
});
export type PendingHost = z.infer<typeof pendingHost>;
/** More do not wait at the same time: announcing is refused then. */
export const maxPending = 100;
export const pendingList = z.object({
  pending: z.array(pendingHost).max(maxPending),
});
export type PendingList = z.infer<typeof pendingList>;

/** POST /api/pending/:id/accept → 200 `hostDetail`. The fingerprint the person saw; another one is refused. */
export const acceptBody = z.strictObject({
  fingerprint: z.string().min(1).max(200),
});
/** POST /api/pending/:id/reject → 204, empty body `{}`. */
export const emptyBody = z.strictObject({});

/** GET /api/enrolment → what the dashboard shows a person to type on an endpoint. */
export const enrolmentInfo = z.object({
  /** URL under which this browser reached the server, or RM_BASE_URL. */
  url: z.string(),
  server_key: z.string(),
  /** Whether the URL is plain HTTP. */
  plain_http: z.boolean(),
});
export type EnrolmentInfo = z.infer<typeof enrolmentInfo>;
