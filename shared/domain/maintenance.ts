import { z } from "zod";
import { timestamp } from "./ids.ts";
import { cronText } from "./schedule.ts";

/** What runs by itself, each by a cron text in the zone of the host that does it. */
export const upkeepKinds = ["forget", "prune", "check"] as const;
export type UpkeepKind = (typeof upkeepKinds)[number];

const upkeep = z.strictObject({ cron: cronText, enabled: z.boolean() });

/** Upkeep of one repository. `runner_host_id`: the host that does it; null is any host that uses the repository. */
export const maintenanceSettings = z.strictObject({
  forget: upkeep,
  prune: upkeep,
  check: upkeep,
  /** How much of the data `check` reads, in percent; 0 reads the structure alone. */
  check_subset_pct: z
    .number()
    .int("Use a whole number of percent.")
    .min(0, "Use 0 to 100.")
    .max(100, "Use 0 to 100."),
  runner_host_id: z.string().nullable(),
});
export type MaintenanceSettings = z.infer<typeof maintenanceSettings>;

export const defaultMaintenance: MaintenanceSettings = {
  forget: { cron: "0 3 * * *", enabled: true },
  prune: { cron: "0 4 * * 0", enabled: true },
  check: { cron: "0 5 1 * *", enabled: true },
  check_subset_pct: 5,
  runner_host_id: null,
};

/** Why a due upkeep did not run. Skipped, never queued. */
export const skipReasons = [
  "host_offline",
  "admin_credential_missing",
  "retention_empty",
  "no_host",
] as const;
export type SkipReason = (typeof skipReasons)[number];

/**
 * A lock that somebody's restic left or holds. `own_dead`: of a process of the reporting host that is proven dead. `old`:
 * not refreshed for half an hour, which restic itself takes for dead. `live`: may be in use.
 */
export const lockStates = ["own_dead", "old", "live"] as const;
export const repositoryLock = z.object({
  id: z.string(),
  exclusive: z.boolean(),
  hostname: z.string(),
  username: z.string(),
  pid: z.number().int(),
  /** When it was made or last refreshed, as restic wrote it. */
  time: z.string(),
  state: z.enum(lockStates),
});
export type RepositoryLock = z.infer<typeof repositoryLock>;

/** How a repository stands. An absent field was not looked at and overwrites nothing. Sizes in bytes. */
export const repositoryStats = z.object({
  /** restic's own id, of a repository that was created anew. */
  restic_id: z.string().optional(),
  /** What restoring every snapshot would write: restic `stats --mode restore-size`. */
  total_size: z.number().int().nonnegative().optional(),
  /** What the repository takes: restic `stats --mode raw-data`. */
  raw_size: z.number().int().nonnegative().optional(),
  snapshot_count: z.number().int().optional(),
  locks: z.array(repositoryLock).max(100).optional(),
  check: z
    .object({ at: timestamp, ok: z.boolean(), errors: z.number().int() })
    .optional(),
  pruned_at: timestamp.optional(),
  forgot_at: timestamp.optional(),
});
export type RepositoryStats = z.infer<typeof repositoryStats>;
