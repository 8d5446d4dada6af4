import { z } from "zod";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import { FailureError } from "../failure-error.ts";
import { lowerPriority } from "../platform/priority.ts";
import { catSnapshotArgs, listArgs } from "../restic/args.ts";
import { capture, succeeded } from "../restic/capture.ts";
import type { MadeSnapshot } from "../restic/changed-folders.ts";
import type { Repository } from "../restic/env.ts";
import type { ResticEnd } from "../restic/exit-codes.ts";
import type { ResticRunner } from "../restic/run.ts";
import { snapshotFailureOf } from "../restic/snapshot-words.ts";
import {
  createTreeBuilder,
  type TreeListener,
  type WholeTree,
} from "./builder.ts";
import type { FolderMap } from "./folder-store.ts";
import type { Changes } from "./made-snapshots.ts";
import { readNode, type ListedNode } from "./node.ts";

export interface ReadTreeDeps {
  readonly runner: ResticRunner;
  /** Aborted when the agent stops. */
  readonly signal: AbortSignal;
}

export interface StoredSnapshot {
  readonly repository: Repository;
  readonly snapshotId: string;
}

/** What restic says of a snapshot itself. */
export type SnapshotFacts = Pick<MadeSnapshot, "tree" | "hostname" | "paths">;

/** What is known of a snapshot's folders does not go with what restic lists: only the whole of it says what is in it. */
class StaleError extends Error {}

const minute = 60_000;
const catLimitMs = 5 * minute;
/** restic is silent while it reads the repository's index. */
const listing = { stallMs: 30 * minute, limitMs: 12 * 60 * minute };

const resticSnapshot = z.object({
  tree: z.string(),
  hostname: z.string().default(""),
  paths: z.array(z.string()).default([]),
});

/** Throws `FailureError`. */
export async function readFacts(
  { runner, signal }: ReadTreeDeps,
  { repository, snapshotId }: StoredSnapshot,
): Promise<SnapshotFacts> {
  const { end, stdout } = await capture(runner, {
    args: catSnapshotArgs(snapshotId),
    repository,
    limitMs: catLimitMs,
    signal,
    onStart: lowerPriority,
  });
  const snapshot = parseJson(stdout, resticSnapshot);
  if (!succeeded(end) || snapshot === null) throw failed(end);
  return snapshot;
}

/** Reads all folders of a snapshot, children before parents. Throws `FailureError`. */
export async function readTree(
  deps: ReadTreeDeps,
  snapshot: StoredSnapshot,
  listener: Pick<TreeListener, "onTree" | "onFolder">,
): Promise<WholeTree> {
  const builder = createTreeBuilder({ ...listener, known: () => null });
  await list(deps, snapshot, [], (node) => builder.add(node));
  return builder.end();
}

/** Reads the folders in which something changed, and takes the others from the map. Throws `StaleError`, `FailureError`. */
export async function readChanges(
  deps: ReadTreeDeps,
  snapshot: StoredSnapshot,
  { map, changes }: { readonly map: FolderMap; readonly changes: Changes },
  listener: Pick<TreeListener, "onTree" | "onFolder">,
): Promise<WholeTree> {
  const listed = withParents(changes.folders);
  const missing = new Set(changes.last);
  const builder = createTreeBuilder({
    onTree: listener.onTree,
    onFolder(path, folder, entries) {
      // A restic that does not look into a folder it was told shows it empty.
      if (entries === 0 && (map.get(path)?.files ?? 0) > 0)
        throw new StaleError(`restic lists nothing in ${path}`);
      listener.onFolder(path, folder, entries);
    },
    known(path) {
      missing.delete(path);
      if (listed.has(path)) return null;
      const known = map.get(path);
      if (known === null) throw new StaleError(`${path} is not known`);
      return known;
    },
  });
  let stale: Error | undefined;
  await list(deps, snapshot, ["/", ...deepest(listed)], (node) => {
    if (stale !== undefined) return;
    try {
      if (node.entry.n.includes("\uFFFD"))
        throw new StaleError(`a name in ${node.folder} is not UTF-8`);
      builder.add(node);
    } catch (error) {
      stale = error instanceof Error ? error : new StaleError(String(error));
    }
  });
  if (stale !== undefined) throw stale;
  const whole = builder.end();
  const [path] = missing;
  if (path !== undefined) throw new StaleError(`restic does not list ${path}`);
  return whole;
}

/** With the folders above each. */
function withParents(folders: ReadonlySet<string>): ReadonlySet<string> {
  const all = new Set<string>();
  for (let path of folders)
    while (path !== "" && !all.has(path)) {
      all.add(path);
      path = parentOf(path);
    }
  return all;
}

/** Those below which there is none: restic shows what is on the way to them. */
function deepest(folders: ReadonlySet<string>): string[] {
  const parents = new Set([...folders].map(parentOf));
  return [...folders].filter((path) => !parents.has(path));
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

async function list(
  { runner, signal }: ReadTreeDeps,
  { repository, snapshotId }: StoredSnapshot,
  paths: readonly string[],
  onNode: (node: ListedNode) => void,
): Promise<void> {
  let nodes = 0;
  let others = 0;
  const end = await runner.run({
    args: listArgs(snapshotId, paths),
    repository,
    signal,
    ...listing,
    onStart: lowerPriority,
    onMessage(_message, stream, line) {
      if (stream !== "stdout") return;
      const node = readNode(line);
      if (node === null) others += 1;
      else {
        nodes += 1;
        onNode(node);
      }
    },
  });
  if (!succeeded(end) || signal.aborted) throw failed(end);
  // One line is about the snapshot. 0.14 says none of one that is gone; a future restic may speak otherwise.
  if (others === 0) throw new FailureError("snapshot_missing");
  if (nodes === 0 && others > 1)
    throw new FailureError(
      "restic_failed",
      "restic lists the snapshot in a way that this agent cannot read.",
    );
}

function failed(end: ResticEnd): FailureError {
  const { code, message } = snapshotFailureOf(end);
  return new FailureError(code, message);
}
