import { z } from "zod";
import { timestamp } from "../domain/ids.ts";
import { treeEntry, treePath } from "../domain/tree.ts";

/**
 * `none`: nobody asked for it yet, or it was deleted. `indexing`: an agent sends it. `ready`. `failed`: it stopped coming, the
 * host has filled what the server keeps of it, or the server lost some of it; `message` says which, and opening it asks again.
 */
export const indexStates = ["none", "indexing", "ready", "failed"] as const;

/** GET /api/repositories/:id/snapshots/:snapshot/tree?path&cursor&limit → a folder, folders first, then by name. */
export const treeQuery = z.strictObject({
  path: treePath.default("/"),
  /** Name after which to go on. */
  cursor: z.string().max(4200).optional(),
  limit: z.coerce.number().int().min(1).max(2000).default(1000),
});
export const treePage = z.object({
  path: z.string(),
  entries: z.array(treeEntry),
  total: z.number().int(),
  next_cursor: z.string().nullable(),
});
export type TreePage = z.infer<typeof treePage>;

/**
 * GET /api/repositories/:id/snapshots/:snapshot/index → how far it is; POST the same → 202, asks an agent for it.
 * 503 `host_offline` when none that may could do it.
 */
export const snapshotIndex = z.object({
  state: z.enum(indexStates),
  message: z.string().nullable(),
  /** Trees received so far. */
  trees: z.number().int(),
  files: z.number().int().nullable(),
  bytes: z.number().nullable(),
  indexed_at: timestamp.nullable(),
});
export type SnapshotIndex = z.infer<typeof snapshotIndex>;

/** GET …/find?q&limit → files and folders of the snapshot whose name holds `q`, letter case ignored; `more` when there are others. */
export const findQuery = z.strictObject({
  q: z.string().trim().min(2, "Use at least two characters.").max(200),
  limit: z.coerce.number().int().min(1).max(500).default(200),
});
export const findResult = z.object({
  found: z.array(z.object({ path: z.string(), entry: treeEntry })),
  more: z.boolean(),
});
export type FindResult = z.infer<typeof findResult>;

/**
 * GET /api/repositories/:id/diff?a&b&path → what changed from snapshot `a` to `b` directly in a folder, with the sum of what
 * changed below each folder. GET …/diff.ndjson: every changed path. Both need the two indexed.
 */
export const diffQuery = z.strictObject({
  a: z.string().regex(/^[0-9a-f]{64}$/),
  b: z.string().regex(/^[0-9a-f]{64}$/),
  path: treePath.default("/"),
});
export const changeKinds = ["added", "removed", "changed"] as const;
const changeSum = z.object({
  added: z.number().int(),
  removed: z.number().int(),
  changed: z.number().int(),
  /** Bytes that came with added and changed files, and that went with removed ones. */
  bytes_added: z.number(),
  bytes_removed: z.number(),
});
export const diffPage = z.object({
  path: z.string(),
  sum: changeSum,
  entries: z
    .array(
      z.object({
        n: z.string(),
        kind: z.enum(changeKinds),
        before: treeEntry.nullable(),
        after: treeEntry.nullable(),
        /** Of a folder: what changed below it; null when that took too long to count. */
        sum: changeSum.nullable(),
      }),
    )
    .max(5000),
  /** There are others, which the download has. */
  more: z.boolean(),
  /** False when counting was ended after ten seconds: `sum` is then at least so much. */
  complete: z.boolean(),
});
export type DiffPage = z.infer<typeof diffPage>;

/**
 * GET, DELETE /api/repositories/:id/index: how much the server keeps of what is in its snapshots; 404 `repository_not_found`.
 * Deleting loses no backup.
 */
export const repositoryIndex = z.object({
  snapshots_indexed: z.number().int(),
  trees: z.number().int(),
  bytes: z.number().int(),
});
export type RepositoryIndex = z.infer<typeof repositoryIndex>;
