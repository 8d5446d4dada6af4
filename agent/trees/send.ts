import {
  treeAnswer,
  treeHaveAnswer,
} from "@restic-manager/shared/protocol/tree.ts";
import { LinkError, type Connection } from "../link/link.ts";
import type { ServerRequests } from "../link/server-requests.ts";
import type { Repository } from "../restic/env.ts";
import type { WholeTree } from "./builder.ts";
import { inMessages } from "./messages.ts";
import { readTree, readTreeId, type ReadTreeDeps } from "./read-tree.ts";
import type { SentStore } from "./sent-store.ts";
import { openSpool } from "./spool.ts";

export interface SendDeps extends ReadTreeDeps {
  readonly requests: ServerRequests;
  /** Null while the server is away. */
  readonly connection: () => Connection | null;
  readonly sent: SentStore;
  readonly tmpDir: string;
}

export interface IndexedSnapshot {
  readonly repositoryId: string;
  readonly repository: Repository;
  readonly snapshotId: string;
}

/** `unwanted`: the server has it, or wants none. `refused`: not now. */
export type SendOutcome = "sent" | "unwanted" | "refused";
type Step = "ok" | "again" | "refused";

/** A server that lost trees says so once; one that says so for ever is left alone for a while. */
const rounds = 3;

/** Tells the server what is in a snapshot, as far as it does not know it. Throws `FailureError`, `LinkError`. */
export async function sendSnapshot(
  deps: SendDeps,
  snapshot: IndexedSnapshot,
): Promise<SendOutcome> {
  const { repositoryId, snapshotId } = snapshot;
  const { sent } = deps;
  const about = { repository_id: repositoryId, snapshot_id: snapshotId };

  async function put(fields: Record<string, unknown>): Promise<Step> {
    const body = { ...about, ...fields };
    const { ok, again } = await deps.requests.ask(
      connected(deps),
      "trees" in fields ? "tree.put" : "tree.done",
      body,
      treeAnswer,
    );
    if (again) return "again";
    return ok ? "ok" : "refused";
  }

  const done = ({ root, files, bytes }: WholeTree) =>
    put({ root, files, bytes });

  async function sendAll(resticTree: string): Promise<Step> {
    const spool = openSpool(deps.tmpDir);
    try {
      const whole = await readTree(
        deps,
        snapshot.repository,
        snapshotId,
        (id, text) => {
          if (!sent.has(repositoryId, id)) spool.add(id, text);
        },
      );
      for (const message of inMessages(spool.trees())) {
        const step = await put({ trees: message.parts });
        if (step !== "ok") return step;
        sent.add(repositoryId, message.whole);
      }
      const step = await done(whole);
      if (step === "ok") sent.addRoot(repositoryId, resticTree, whole);
      return step;
    } finally {
      spool.close();
    }
  }

  for (let round = 0; round < rounds; round++) {
    const { wanted, generation } = await deps.requests.ask(
      connected(deps),
      "tree.have",
      about,
      treeHaveAnswer,
    );
    if (!wanted) return "unwanted";
    sent.begin(repositoryId, generation);
    const resticTree = await readTreeId(deps, snapshot.repository, snapshotId);
    const known = sent.root(repositoryId, resticTree);
    const step = await (known === null ? sendAll(resticTree) : done(known));
    if (step === "ok") return "sent";
    if (step === "refused") return "refused";
  }
  return "refused";
}

function connected({ connection }: SendDeps): Connection {
  const live = connection();
  if (live === null)
    throw new LinkError("closed", "The server is away at the moment.");
  return live;
}
