import { z } from "zod";
import { hostId, snapshotId, timestamp, ulidText } from "../domain/ids.ts";
import { treeId } from "../domain/tree.ts";

/*
 * The index of what is in snapshots. It is a cache: nothing of it is durable on its way, and the agent asks one question after
 * the other, so that the server sets the pace.
 */

/** `req.tree.have`, signed as `rm-request-v1`: before the trees of a snapshot are sent. */
export const treeHave = z.object({
  host: hostId,
  t: timestamp,
  repository_id: ulidText,
  snapshot_id: snapshotId,
});
export const treeHaveAnswer = z.object({
  host: hostId,
  t: timestamp,
  /** `unwanted`: it is indexed already, or switched off. */
  wanted: z.boolean(),
  /** Changes whenever the server has forgotten trees of the repository: what was sent under another one is sent again. */
  generation: z.string(),
});
export type TreeHaveAnswer = z.infer<typeof treeHaveAnswer>;

/**
 * `req.tree.put`: trees that were not sent before under this generation. `z` is base64 of the zstd-compressed `treeText`; a
 * longer tree comes in several parts of it, in order. At most 256 KiB a message, and the next one after its answer.
 */
export const treePut = z.object({
  host: hostId,
  t: timestamp,
  repository_id: ulidText,
  snapshot_id: snapshotId,
  trees: z
    .array(
      z.object({
        id: treeId,
        part: z.number().int().nonnegative(),
        of: z.number().int().positive(),
        z: z.string(),
      }),
    )
    .min(1)
    .max(2000),
});
/** `req.tree.done`: everything below `root` was sent. */
export const treeDone = z.object({
  host: hostId,
  t: timestamp,
  repository_id: ulidText,
  snapshot_id: snapshotId,
  root: treeId,
  files: z.number().int(),
  bytes: z.number(),
});
/** Answer to put and done. */
export const treeAnswer = z.object({
  host: hostId,
  t: timestamp,
  ok: z.boolean(),
  /** A tree is missing after all or is not what its id says, or parts of it are: begin anew with `tree.have`. */
  again: z.boolean(),
});
export type TreeAnswer = z.infer<typeof treeAnswer>;

/** `cmd.tree.index`: index this snapshot now, for somebody waits; answered when it is taken on. */
export const treeIndex = z.object({
  repository_id: ulidText,
  snapshot_id: snapshotId,
});
