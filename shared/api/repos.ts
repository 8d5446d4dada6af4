import { z } from "zod";
import { timestamp, ulidText } from "../domain/ids.ts";
import { repoCredential, repoStatuses, repoUrl } from "../domain/repo.ts";
import { retention, sourceGroupSpec, sourceOptions } from "../domain/source.ts";
import { repoTestResult, repoTestSecret } from "../protocol/command.ts";
import { snapshotRecord } from "../protocol/event.ts";

/** A repository as anyone may see it: secrets are only said to be set. */
export const repository = z.object({
  id: ulidText,
  name: z.string(),
  url: z.string(),
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
});
export type Repository = z.infer<typeof repository>;

/** A host has no more repositories, source groups or schedules; whatever makes one refuses the next. */
export const maxPerHost = 100;

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
  source: sourceGroupSpec,
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
});
export type SourceGroup = z.infer<typeof sourceGroup>;
export const sourceGroupList = z.object({
  groups: z.array(sourceGroup).max(maxPerHost),
});
/** PUT /api/sources/:id ← `sourceGroupSpec` → `sourceGroup`. */

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
