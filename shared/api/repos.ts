import { z } from "zod";
import { hostId, timestamp, ulidText } from "../domain/ids.ts";
import { repoCredential, repoStatuses, repoUrl } from "../domain/repo.ts";
import { conflictKinds } from "../domain/retention-conflict.ts";
import { repositoryLock } from "../domain/maintenance.ts";
import {
  retention,
  firstSourceGroupSpec,
  retryPolicy,
  sourceOptions,
} from "../domain/source.ts";
import { repoTestResult, repoTestSecret } from "../protocol/command.ts";
import { snapshotRecord } from "../protocol/event.ts";

/** A repository as anyone may see it: secrets are only said to be set. */
export const repository = z.object({
  id: ulidText,
  name: z.string(),
  url: z.string(),
  /** Hosts that use it. */
  host_ids: z.array(hostId),
  status: z.enum(repoStatuses),
  /** Failure code and sentence of the last use, while it cannot be used. */
  status_code: z.string().nullable(),
  status_message: z.string().nullable(),
  /** restic's own id, 64 hex digits. */
  repository_id: z.string().nullable(),
  snapshot_count: z.number().int(),
  snapshots_refreshed_at: timestamp.nullable(),
  credential: z.object({
    password_set: z.boolean(),
    username: z.string().nullable(),
    user_password_set: z.boolean(),
    env_names: z.array(z.string()),
    ca_set: z.boolean(),
  }),
  /** Access that may delete, for forget and prune; it differs from `credential` only where it says so. */
  admin: z.object({
    set: z.boolean(),
    /** Another address of the same repository; null is the same one. */
    url: z.string().nullable(),
    password_set: z.boolean(),
    username: z.string().nullable(),
    user_password_set: z.boolean(),
    env_names: z.array(z.string()),
    ca_set: z.boolean(),
    updated_at: timestamp.nullable(),
  }),
  append_only: z.enum(["no", "claimed", "proven"]),
  stats: z.object({
    total_size: z.number().nullable(),
    raw_size: z.number().nullable(),
    /** total / raw; null while one of them is not known. */
    dedup_ratio: z.number().nullable(),
    last_check_at: timestamp.nullable(),
    last_check_ok: z.boolean().nullable(),
    last_prune_at: timestamp.nullable(),
    last_forget_at: timestamp.nullable(),
    locks: z.array(repositoryLock),
    updated_at: timestamp.nullable(),
  }),
  retention: z.object({
    /** `off`: no group has a policy, everything is kept. `not_enforced`: there is one and nothing applies it. */
    state: z.enum(["off", "on", "not_enforced"]),
    /**
     * Of `not_enforced`. `names_clash`: groups of the same name on hosts of the same host name, now or formerly, whose
     * snapshots restic cannot tell apart.
     */
    reason: z
      .enum([
        "admin_credential_missing",
        "forget_off",
        "forget_failing",
        "forget_overdue",
        "names_clash",
      ])
      .nullable(),
  }),
});
export type Repository = z.infer<typeof repository>;

/** A host has no more repositories, source groups or schedules; whatever makes one refuses the next. */
export const maxPerHost = 100;

/** GET /api/repositories/:id → `repository`. GET /api/hosts/:id/repositories → those of a host. */
export const repositoryList = z.object({
  repositories: z.array(repository).max(maxPerHost),
});

/** PATCH /api/repositories/:id → `repository`. Absent or blank keeps what is stored; nothing is ever returned. */
export const repositoryPatch = z.strictObject({
  name: z.string().trim().min(1).max(64).optional(),
  password: z.string().max(1024).optional(),
  username: z.string().max(256).optional(),
  user_password: z.string().max(1024).optional(),
  env: repoCredential.shape.env.optional(),
  ca: z.string().max(65536).optional(),
});
export type RepositoryPatch = z.infer<typeof repositoryPatch>;

/**
 * PUT /api/repositories/:id/admin-credential → `repository`. Says only what differs from the repository's own access; an
 * empty object says that the own access may delete. Blank or absent keeps what is stored of this field, null drops it.
 * DELETE → `repository`.
 */
export const adminCredentialSpec = z.strictObject({
  url: repoUrl.nullable().optional(),
  password: z.string().max(1024).nullable().optional(),
  username: z.string().max(256).nullable().optional(),
  user_password: z.string().max(1024).nullable().optional(),
  env: repoCredential.shape.env.nullable().optional(),
  ca: z.string().max(65536).nullable().optional(),
});
export type AdminCredentialSpec = z.infer<typeof adminCredentialSpec>;

/** A repository to use: one the server knows already, or a new entry. */
export const repositoryChoice = z.strictObject({
  name: z.string().trim().min(1).max(64).optional(),
  url: repoUrl,
  mode: repoTestSecret.shape.mode,
  credential: repoCredential,
});

/**
 * POST /api/hosts/:id/setup → 201 `setUpResult`: the agent tests the repository, creates it when asked, and only then
 * are repository, credential, source group and the default daily schedule saved, in one transaction.
 * POST /api/hosts/:id/repository-test with the same body tests an existing repository and saves nothing.
 */
export const setUpBody = z.strictObject({
  repository: repositoryChoice,
  source: firstSourceGroupSpec,
});
export type SetUpBody = z.infer<typeof setUpBody>;

export const setUpResult = z.object({
  repository,
  group_id: ulidText,
  schedule_id: ulidText,
  test: repoTestResult,
});
export type SetUpResult = z.infer<typeof setUpResult>;

/** GET /api/hosts/:id/sources */
export const sourceGroup = z.object({
  id: ulidText,
  name: z.string(),
  repository_id: ulidText.nullable(),
  includes: z.array(z.string()),
  excludes: z.array(z.string()),
  options: sourceOptions,
  retention,
  retry: retryPolicy,
  /** Whether a hook applies, and whose it is. */
  hooks: z.object({
    pre: z.enum(["none", "group", "host"]),
    post: z.enum(["none", "group", "host"]),
    unreadable: z.boolean(),
  }),
  /** Schedules that run it. */
  schedule_ids: z.array(ulidText),
  /** The keep rule that is finer than any schedule of the group, so that it keeps no more than the next coarser one. */
  conflict: z.enum(conflictKinds).nullable(),
  /** Another one with every change of what a person edits. */
  revision: z.string(),
});
export type SourceGroup = z.infer<typeof sourceGroup>;
export const sourceGroupList = z.object({
  groups: z.array(sourceGroup).max(maxPerHost),
});
/**
 * POST /api/hosts/:id/sources ← `sourceGroupSpec` → 201 `sourceGroup`. PUT /api/sources/:id ← `sourceGroupChange` → 200;
 * 409 `changed_meanwhile` when its `revision` is no longer the stored one.
 * DELETE /api/sources/:id → 204; 409 `source_group_used` with `used_by` while a schedule runs it.
 */

/** GET /api/hosts/:id/snapshots?cursor&limit → newest first, from every repository of the host. */
export const snapshot = snapshotRecord.extend({
  short_id: z.string(),
  repository_id: ulidText,
  /** False for snapshots of other machines, and from before this product, in the same repository. */
  own: z.boolean(),
});
export type Snapshot = z.infer<typeof snapshot>;
export const snapshotList = z.object({
  snapshots: z.array(snapshot),
  total: z.number().int(),
  refreshed_at: timestamp.nullable(),
  next_cursor: z.string().nullable(),
});
export type SnapshotList = z.infer<typeof snapshotList>;
