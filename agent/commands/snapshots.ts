import { z } from "zod";
import type { Log } from "@restic-manager/shared/log.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import { maxMessageBytes } from "@restic-manager/shared/protocol/topic.ts";
import type {
  SnapshotPart,
  SnapshotRecord,
} from "@restic-manager/shared/protocol/event.ts";
import { FailureError } from "../failure-error.ts";
import type { Outbox } from "../link/outbox.ts";
import { snapshotsArgs } from "../restic/args.ts";
import { capture, succeeded } from "../restic/capture.ts";
import type { Repository } from "../restic/env.ts";
import { failureOf, type ResticEnd } from "../restic/exit-codes.ts";
import type { ResticRunner } from "../restic/run.ts";

/** restic's own record; what older restics lack is null. */
const resticSnapshot = z.object({
  id: z.string(),
  tree: z.string().nullish(),
  time: z.string(),
  hostname: z.string().default(""),
  username: z.string().nullish(),
  paths: z.array(z.string()).nullish(),
  tags: z.array(z.string()).nullish(),
  parent: z.string().nullish(),
  summary: z
    .object({
      total_bytes_processed: z.number(),
      total_files_processed: z.number(),
    })
    .nullish(),
});

/** A snapshot with restic's own id of what is in it, which the server is not told. */
export interface ListedSnapshot extends SnapshotRecord {
  readonly tree: string | null;
}

export interface SnapshotsDeps {
  readonly runner: ResticRunner;
  readonly outbox: Outbox;
  /** A ULID of the server's time. */
  readonly newRev: () => string;
  readonly log: Log;
  /** Aborted when the agent stops. */
  readonly signal: AbortSignal;
}

const limitMs = 60_000;

/**
 * Lists a repository and reports the list, which replaces the one before. Null when it cannot be listed: that is logged
 * and fails nothing.
 */
export async function reportSnapshots(
  deps: SnapshotsDeps,
  repositoryId: string,
  repository: Repository,
): Promise<ListedSnapshot[] | null> {
  try {
    const snapshots = await listSnapshots(deps, repository);
    reportList(deps, repositoryId, snapshots);
    return snapshots;
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    if (!deps.signal.aborted)
      deps.log.warn("The snapshots could not be listed", {
        repository_id: repositoryId,
        reason: error.message,
      });
    return null;
  }
}

/** Throws `FailureError` when the repository cannot be listed. */
export async function listSnapshots(
  { runner, signal }: Pick<SnapshotsDeps, "runner" | "signal">,
  repository: Repository,
): Promise<ListedSnapshot[]> {
  const { end, stdout } = await capture(runner, {
    args: snapshotsArgs,
    repository,
    limitMs,
    signal,
  });
  const snapshots = succeeded(end) ? parseSnapshots(stdout) : null;
  if (snapshots === null || signal.aborted) throw failed(end);
  return snapshots;
}

/** Puts a list into the outbox; it replaces the one before. */
export function reportList(
  { outbox, newRev }: Pick<SnapshotsDeps, "outbox" | "newRev">,
  repositoryId: string,
  snapshots: readonly SnapshotRecord[],
): void {
  const rev = newRev();
  const parts = inParts(snapshots.map(toldOf));
  outbox.transaction(() => {
    parts.forEach((part, index) => {
      const body: SnapshotPart = {
        repository_id: repositoryId,
        rev,
        part: index,
        of: parts.length,
        snapshots: part,
      };
      outbox.put("snap.part", body);
    });
  });
}

function toldOf(snapshot: SnapshotRecord & { tree?: unknown }): SnapshotRecord {
  const { tree: _tree, ...told } = snapshot;
  return told;
}

function failed(end: ResticEnd): FailureError {
  const { code, message } = failureOf(end);
  return new FailureError(code, message);
}

/** Null when it is not restic's list. */
export function parseSnapshots(stdout: string): ListedSnapshot[] | null {
  // A repository without snapshots is `[]`, and `null` in old restics.
  const list = parseJson(stdout, z.array(resticSnapshot).nullable());
  if (list === null) return stdout.trim() === "null" ? [] : null;
  return list.map((s) => ({
    id: s.id,
    tree: s.tree ?? null,
    time: s.time,
    hostname: s.hostname,
    username: s.username ?? null,
    paths: s.paths ?? [],
    tags: s.tags ?? [],
    parent: s.parent ?? null,
    size_bytes: s.summary?.total_bytes_processed ?? null,
    file_count: s.summary?.total_files_processed ?? null,
  }));
}

/** Parts that fit into a message each. An empty list is one empty part: it too replaces what was there. */
export function inParts(
  snapshots: readonly SnapshotRecord[],
  maxBytes: number = maxMessageBytes * 0.75,
): SnapshotRecord[][] {
  const parts: SnapshotRecord[][] = [[]];
  let bytes = 0;
  for (const snapshot of snapshots.map((s) => shortened(s, maxBytes / 2))) {
    const size = messageBytes(snapshot);
    if (bytes + size > maxBytes && bytes > 0) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(snapshot);
    bytes += size;
  }
  return parts;
}

/** Hundreds of long paths in one snapshot: the list shows the first of them. */
function shortened(snapshot: SnapshotRecord, maxBytes: number): SnapshotRecord {
  let paths = snapshot.paths;
  while (paths.length > 1 && messageBytes({ ...snapshot, paths }) > maxBytes)
    paths = paths.slice(0, paths.length / 2);
  return { ...snapshot, paths };
}

/** The body of an event is JSON inside JSON, which doubles quotes and backslashes. */
function messageBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(JSON.stringify(value)));
}
