import { z } from "zod";
import { hostId, snapshotId, ulidText } from "../domain/ids.ts";
import {
  overwriteRules,
  restorePaths,
  restoreTarget,
} from "../domain/restore.ts";
import { treePath } from "../domain/tree.ts";

/**
 * POST /api/repositories/:id/snapshots/:snapshot/restore → 202 `job`.
 *
 * `host_id` is where it goes: one that uses the repository needs `restore.run`, and `restore.in_place` for going back in
 * place; any other host needs `restore.cross_host`. `confirm` is that host's name as the person typed it, asked for in place and
 * across hosts.
 */
export const restoreBody = z.strictObject({
  host_id: hostId,
  paths: restorePaths,
  target: restoreTarget,
  overwrite: z.enum(overwriteRules).default("if-changed"),
  /** Leaves this folder of the snapshot out of the restored paths: `/home/ada` below the target becomes the target itself. */
  strip: treePath.optional(),
  confirm: z.string().max(253).optional(),
});
export type RestoreBody = z.infer<typeof restoreBody>;

/** POST …/restore/check ← `restoreBody` without `confirm` → what the host finds before anything is written. */
export const restoreCheckBody = restoreBody.omit({ confirm: true });
export type RestoreCheckBody = z.infer<typeof restoreCheckBody>;
export const restoreCheck = z.object({
  /** The folder filled in; null in place. */
  target: z.string().nullable(),
  target_state: z.enum(["absent", "empty", "not_empty", "not_writable"]),
  /** Bytes; null when it cannot be told. */
  space_free: z.number().nullable(),
  space_needed: z.number().nullable(),
  /** Whether the agent may set owners: it runs as root, or restores only what is its own. */
  sets_owners: z.boolean(),
  /** By a dry run of restic (from 0.17); null with `dry_run_problem` when there is none. */
  dry_run: z
    .object({
      restored: z.number().int(),
      updated: z.number().int(),
      unchanged: z.number().int(),
      bytes: z.number(),
      /** The first ones that would be overwritten. */
      overwritten: z.array(z.string()).max(50),
    })
    .nullable(),
  dry_run_problem: z.string().nullable(),
  /** What a person should know before: each a sentence. */
  warnings: z.array(z.string()).max(20),
  /** Across hosts: whether the access given to the host can be taken back afterwards. */
  revocation: z.enum(["own_access", "temporary_key", "forgotten_only"]),
});
export type RestoreCheck = z.infer<typeof restoreCheck>;
/** What the agent finds. */
export const restoreCheckResult = restoreCheck.omit({ revocation: true });

/**
 * GET /api/repositories/:id/snapshots/:snapshot/download?path&path…&format → the file itself, or an archive, streamed from the
 * repository through an agent; nothing is written on the endpoint. One folder may be `zip` or `tar`, several paths are `tar`.
 */
export const downloadQuery = z.strictObject({
  path: z.union([treePath, z.array(treePath).min(1).max(100)]),
  format: z.enum(["raw", "tar", "zip"]).default("raw"),
  /** Which agent streams; absent: any online one that uses the repository. */
  host_id: hostId.optional(),
});

/** What a running or ended restore was asked to do, beside the job. */
export const restoreRequest = z.object({
  repository_id: ulidText,
  snapshot_id: snapshotId,
  paths: z.array(z.string()),
  target: restoreTarget,
  overwrite: z.enum(overwriteRules),
  strip: z.string().nullable(),
  /** The host whose snapshot it is, when it is another one. */
  from_host_id: hostId.nullable(),
});
export type RestoreRequest = z.infer<typeof restoreRequest>;
