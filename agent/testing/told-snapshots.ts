import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseSnapshots } from "../commands/snapshots.ts";
import { createMemoryLink } from "../link/memory-link.ts";
import { createLog } from "../log.ts";
import { systemClock } from "../clock.ts";
import {
  createChangedFolders,
  type MadeSnapshot,
} from "../restic/changed-folders.ts";
import { parseMessage } from "../restic/messages.ts";
import type { ResticCall } from "../restic/run.ts";
import { openStateDb } from "../state-db.ts";
import { createFolderStore } from "../trees/folder-store.ts";
import { createMadeSnapshots } from "../trees/made-snapshots.ts";
import { readTree } from "../trees/read-tree.ts";
import { sendSnapshot, type SendOutcome } from "../trees/send.ts";
import { createSentStore } from "../trees/sent-store.ts";
import type { RealRestic } from "./programs.ts";
import { createTestTrees, type TestTrees } from "./test-trees.ts";

const repositoryId = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const host = "habcdefghijkl";

/** A folder that real restic backs up, and an agent's memory of what a server in this process was told of it. */
export interface ToldSnapshots {
  readonly source: string;
  readonly trees: TestTrees;
  readonly tmpDir: string;
  /** `noted`: the agent knows what this backup said. */
  backUp(by?: { readonly noted?: boolean }): Promise<string>;
  forget(snapshotId: string): Promise<void>;
  /** Replaces a snapshot by one that holds the same. */
  tag(snapshotId: string): Promise<string>;
  send(snapshotId: string): Promise<SendOutcome>;
  /** All trees of a snapshot, listed as a whole. */
  listed(snapshotId: string): Promise<{ root: string; ids: Set<string> }>;
  /** What restic was asked, in order: `cat`, `ls` of all, `ls /` of some folders. */
  asked(): string[];
  /** Ends whatever restic does next, as the end of the agent does. */
  readonly stop: AbortController;
}

/** Several of them may share a repository, which must exist. */
export async function toldSnapshots(
  dir: string,
  restic: RealRestic,
): Promise<ToldSnapshots> {
  const source = join(dir, "source");
  mkdirSync(source);
  const trees = createTestTrees();
  const calls: ResticCall[] = [];
  const connection = await createMemoryLink().link.connect();
  const stop = new AbortController();
  const [tmpDir, foldersDir] = [join(dir, "tmp"), join(dir, "folders")];
  const log = createLog({
    level: "debug",
    format: "text",
    clock: systemClock,
    write: () => {},
  });
  const made = createMadeSnapshots();
  const deps = {
    runner: {
      run(call: ResticCall) {
        calls.push(call);
        return restic.runner.run(call);
      },
    },
    signal: stop.signal,
    requests: {
      ask: async (_connection, op, body, schema) =>
        schema.parse(
          trees.answer(op, { host, t: "2026-11-28T10:00:00Z", ...body }),
        ),
    },
    connection: () => connection,
    sent: createSentStore(openStateDb(join(dir, "agent.db"))),
    folders: createFolderStore(foldersDir, log),
    made,
    log,
    tmpDir,
  } satisfies Parameters<typeof sendSnapshot>[0];
  const snapshots = async (...which: string[]) => {
    const { output } = await restic.byHand("snapshots", "--json", ...which);
    return parseSnapshots(output) ?? [];
  };

  async function noted(
    id: string,
    folders: MadeSnapshot["folders"],
  ): Promise<string> {
    const list = await snapshots();
    const found = list.find((one) => one.id.startsWith(id));
    const parent = list.find((one) => one.id === found?.parent);
    if (found === undefined || found.tree === null) throw new Error(id);
    made.add({
      ...found,
      tree: found.tree,
      parentTree: parent?.tree ?? null,
      folders,
    });
    return found.id;
  }

  return {
    source,
    trees,
    tmpDir,
    async backUp(by) {
      const { output } = await restic.byHand(
        "backup",
        "--json",
        "--verbose=2",
        source,
      );
      const folders = createChangedFolders();
      const lines = output.split("\n");
      for (const line of lines) folders.add(parseMessage(line));
      const { snapshot_id: id } = JSON.parse(lines.at(-1) ?? "") as {
        snapshot_id: string;
      };
      if (by?.noted === true) return noted(id, folders.list());
      return id.length === 64 ? id : ((await snapshots(id))[0]?.id ?? "");
    },
    async tag(snapshotId) {
      await restic.byHand("tag", "--add", "kept", snapshotId);
      return (await snapshots("latest", "--path", source))[0]?.id ?? "";
    },
    async forget(snapshotId) {
      await restic.byHand("forget", snapshotId);
    },
    send: (snapshotId) =>
      sendSnapshot(deps, {
        repositoryId,
        repository: restic.repository,
        snapshotId,
      }),
    async listed(snapshotId) {
      const ids = new Set<string>();
      const { root } = await readTree(
        { runner: restic.runner, signal: stop.signal },
        { repository: restic.repository, snapshotId },
        { onTree: (id) => void ids.add(id), onFolder: () => {} },
      );
      return { root, ids };
    },
    asked: () =>
      calls.map(({ args }) => (args.includes("/") ? "ls /" : (args[0] ?? ""))),
    stop,
  };
}
