import {
  treeAnswer,
  treeHaveAnswer,
} from "@restic-manager/shared/protocol/tree.ts";
import { LinkError, type Connection } from "../link/link.ts";
import type { ServerRequests } from "../link/server-requests.ts";
import type { Repository } from "../restic/env.ts";
import type { WholeTree } from "./builder.ts";
import { inMessages } from "./messages.ts";
import {
  lineOf,
  readSnapshot,
  type ReadSnapshot,
  type ReadSnapshotDeps,
} from "./read-snapshot.ts";
import { readFacts, type SnapshotFacts } from "./read-tree.ts";
import type { SentStore } from "./sent-store.ts";
import { openSpool, type Spool } from "./spool.ts";

export interface SendDeps extends ReadSnapshotDeps {
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

  async function sendAll(
    facts: SnapshotFacts,
    generation: string,
  ): Promise<Step> {
    const toRead = { ...snapshot, facts, generation };
    const spool = openSpool(deps.tmpDir);
    let read: ReadSnapshot | null = null;
    try {
      read = await readSnapshot(deps, toRead, {
        add(id, text) {
          if (!sent.has(repositoryId, id)) spool.add(id, text);
        },
        clear: spool.clear,
      });
      const step = await sendRead(read.whole, spool);
      if (step === "ok") {
        sent.addRoot(repositoryId, facts.tree, read.whole);
        read.keep();
      }
      if (step === "again") deps.folders.drop(lineOf(toRead));
      return step;
    } finally {
      read?.close();
      spool.close();
    }
  }

  async function sendRead(whole: WholeTree, spool: Spool): Promise<Step> {
    for (const message of inMessages(spool.trees())) {
      const step = await put({ trees: message.parts });
      if (step !== "ok") return step;
      sent.add(repositoryId, message.whole);
    }
    return done(whole);
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
    const facts = deps.made.of(snapshotId) ?? (await readFacts(deps, snapshot));
    const known = sent.root(repositoryId, facts.tree);
    const step = await (known === null
      ? sendAll(facts, generation)
      : done(known));
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
