import { z } from "zod";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import { FailureError } from "../failure-error.ts";
import { lowerPriority } from "../platform/priority.ts";
import { catSnapshotArgs, lsArgs } from "../restic/args.ts";
import { capture, succeeded } from "../restic/capture.ts";
import type { Repository } from "../restic/env.ts";
import type { ResticEnd } from "../restic/exit-codes.ts";
import type { ResticRunner } from "../restic/run.ts";
import { snapshotFailureOf } from "../restic/snapshot-words.ts";
import { createTreeBuilder, type WholeTree } from "./builder.ts";
import { readNode } from "./node.ts";

export interface ReadTreeDeps {
  readonly runner: ResticRunner;
  /** Aborted when the agent stops. */
  readonly signal: AbortSignal;
}

const minute = 60_000;
const catLimitMs = 5 * minute;
/** restic is silent while it reads the repository's index. */
const listing = { stallMs: 30 * minute, limitMs: 12 * 60 * minute };

const resticSnapshot = z.object({ tree: z.string() });

/** restic's own id of what is in a snapshot: equal ones hold the same. Throws `FailureError`. */
export async function readTreeId(
  { runner, signal }: ReadTreeDeps,
  repository: Repository,
  snapshotId: string,
): Promise<string> {
  const { end, stdout } = await capture(runner, {
    args: catSnapshotArgs(snapshotId),
    repository,
    limitMs: catLimitMs,
    signal,
    onStart: lowerPriority,
  });
  const snapshot = parseJson(stdout, resticSnapshot);
  if (!succeeded(end) || snapshot === null) throw failed(end);
  return snapshot.tree;
}

/** Reads all folders of a snapshot, children before parents. Throws `FailureError`. */
export async function readTree(
  { runner, signal }: ReadTreeDeps,
  repository: Repository,
  snapshotId: string,
  onTree: (id: string, text: string) => void,
): Promise<WholeTree> {
  const builder = createTreeBuilder(onTree);
  let nodes = 0;
  let others = 0;
  const end = await runner.run({
    args: lsArgs(snapshotId),
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
        builder.add(node);
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
  return builder.end();
}

function failed(end: ResticEnd): FailureError {
  const { code, message } = snapshotFailureOf(end);
  return new FailureError(code, message);
}
