import { z } from "zod";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import { FailureError } from "../failure-error.ts";
import { listArgs } from "../restic/args.ts";
import { succeeded } from "../restic/capture.ts";
import type { Repository } from "../restic/env.ts";
import type { ResticRunner } from "../restic/run.ts";
import { snapshotFailureOf, whileThereIs } from "../restic/snapshot-words.ts";

/** Something in a snapshot, as `restic ls` shows it. */
const node = z.object({
  struct_type: z.literal("node"),
  type: z.string(),
  path: z.string(),
  size: z.number().default(0),
  /** As Go keeps it: permissions, and the other bits elsewhere. */
  mode: z.number().default(0o644),
  uid: z.number().default(0),
  gid: z.number().default(0),
  mtime: z.string().default(""),
});
export type SnapshotItem = z.infer<typeof node>;

const limitMs = 5 * 60_000;

/** What is chosen, in its order. Throws `FailureError` when something is not there. */
export async function snapshotItems(
  runner: ResticRunner,
  repository: Repository,
  { snapshotId, paths }: { snapshotId: string; paths: readonly string[] },
  signal: AbortSignal,
): Promise<SnapshotItem[]> {
  const wanted = new Set(paths);
  const found = new Map<string, SnapshotItem>();
  const watch = whileThereIs(signal);
  const end = await runner.run({
    args: listArgs(snapshotId, paths),
    repository,
    signal: watch.signal,
    limitMs,
    onMessage(_message, stream, line) {
      watch.hear(stream, line);
      const item = stream === "stdout" ? parseJson(line, node) : null;
      if (item !== null && wanted.has(item.path)) found.set(item.path, item);
    },
  });
  const { code, message } = snapshotFailureOf(end);
  // 0.14 ends well, having listed nothing.
  if (!succeeded(end) || code === "snapshot_missing")
    throw new FailureError(code, message);
  return paths.map((path) => {
    const item = path === "/" ? root : found.get(path);
    if (item === undefined) throw missing(path);
    return item;
  });
}

/** Not among what restic lists. */
const root: SnapshotItem = {
  struct_type: "node",
  type: "dir",
  path: "/",
  size: 0,
  mode: 0o755,
  uid: 0,
  gid: 0,
  mtime: "",
};

function missing(path: string): FailureError {
  return new FailureError(
    "path_missing",
    path.includes("\uFFFD")
      ? `The name of ${path} is not UTF-8, so it cannot be asked for by itself; choose the folder that holds it.`
      : `The snapshot does not hold ${path}; choose again from its files.`,
  );
}
