import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { mostTreeBytes } from "@restic-manager/shared/domain/tree.ts";
import type {
  TreeAnswer,
  TreeHaveAnswer,
  treeDone,
  treeHave,
  treePut,
} from "@restic-manager/shared/protocol/tree.ts";
import type { z } from "zod";
import { AppError } from "../../app-error.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import { createSeldom } from "../../seldom.ts";
import { createBreath } from "./breath.ts";
import type { Closing } from "./closing.ts";
import type { Generations } from "./generations.ts";
import { checkTree } from "./packed.ts";
import { createParts } from "./parts.ts";
import type { PackedTree } from "./parts.ts";
import * as store from "./store.ts";

/** Packed bytes that one host may have stored: 100,000 files take some 3 MB, and a later snapshot what changed in it. */
const maxStored = 4 * 1024 ** 3;
/** Snapshots of one host that are not told to their end, or that no list names. */
const mostOpen = 1_000;

const full =
  "This host’s snapshots fill the 4 GiB that the server keeps of one host. Delete the repository’s index, or forget snapshots.";

type Verdict = "stored" | "refused" | "again";

/**
 * Takes in what is in snapshots. A tree is stored when it is what its id names and everything below it is stored: so
 * whatever is stored is whole, and no host can put words into the tree of another.
 */
export function createIntake(deps: {
  db: Db;
  tx: Transaction;
  closing: Closing;
  generations: Generations;
  /** A snapshot is indexed, or gets on with it. */
  onProgress: (repositoryId: string) => void;
  clock: Clock;
  log: Log;
}) {
  const { db, tx, closing, generations, clock } = deps;
  const parts = createParts();
  /** Hosts whose trees are looked at now. */
  const heard = new Set<string>();
  const isToBeSaid = createSeldom(clock);
  const now = () => toTimestamp(clock.now());
  /** The largest tree takes hundreds of megabytes while it is looked at: one at a time. */
  let lastCheck: Promise<unknown> = Promise.resolve();

  /** Null when the host may not speak of this snapshot. */
  async function source(
    trx: Trx,
    hostId: string,
    repositoryId: string,
    snapshotId: string,
  ) {
    const found = await store.findSource(trx, hostId, repositoryId, snapshotId);
    if (found === undefined) return null;
    const known = await store.findIndex(trx, repositoryId, snapshotId);
    const isAsked = known?.asked === 1 && known.host_id === hostId;
    const isOthers = found.owner !== null && found.owner !== hostId;
    // An agent that was asked may read what another host has made.
    if (isOthers && !isAsked) return null;
    // Whose snapshot it is knows better than who was asked in its place.
    const isToldByOther = found.owner === hostId && known?.host_id !== hostId;
    const isReady = known?.state === "ready" && !isToldByOther;
    const isWanted = !isReady && (isAsked || found.enabled === 1);
    return { ...found, isAsked, isWanted, isNew: known === null };
  }

  async function isFull(trx: Trx, hostId: string): Promise<boolean> {
    return (await store.storedBytes(trx, hostId)) >= maxStored;
  }

  async function isTelling(
    trx: Trx,
    hostId: string,
    repositoryId: string,
    snapshotId: string,
  ): Promise<boolean> {
    if (closing.isClosed(repositoryId)) return false;
    const index = await store.findIndex(trx, repositoryId, snapshotId);
    return index?.state === "indexing" && index.host_id === hostId;
  }

  function checkInTurn(
    trees: readonly PackedTree[],
  ): Promise<Set<string> | null> {
    const mine = lastCheck.then(() => check(trees));
    lastCheck = mine.catch(() => null);
    return mine;
  }

  /** @returns what has to be stored already; null when one is wrong, or when they unpack to too much. */
  async function check(
    trees: readonly PackedTree[],
  ): Promise<Set<string> | null> {
    const here = new Set<string>();
    const below = new Set<string>();
    const breath = createBreath(clock);
    let room = mostTreeBytes;
    for (const { id, packed } of trees) {
      const tree = await checkTree(id, packed, room, breath);
      if (tree === null) return null;
      room -= tree.size;
      for (const inner of tree.below) if (!here.has(inner)) below.add(inner);
      here.add(id);
      await breath();
    }
    return below;
  }

  function keep(
    hostId: string,
    { repository_id, snapshot_id }: z.infer<typeof treePut>,
    trees: readonly PackedTree[],
    below: ReadonlySet<string>,
  ): Promise<Verdict> {
    // Until here others had their turn: what is true now counts.
    return tx.run(async (trx) => {
      if (!(await isTelling(trx, hostId, repository_id, snapshot_id)))
        return "refused";
      const at = now();
      if (await isFull(trx, hostId)) {
        await store.failIndex(trx, repository_id, snapshot_id, full, at);
        return "refused";
      }
      const known = await store.knownTrees(trx, repository_id, [...below]);
      if (known.size !== below.size) {
        await generations.renew(trx, repository_id);
        return "again";
      }
      const stored = await store.insertTrees(trx, repository_id, trees);
      await store.countReceived(trx, repository_id, snapshot_id, {
        received: trees.length,
        ...stored,
        at,
      });
      return "stored";
    });
  }

  async function take(
    hostId: string,
    body: z.infer<typeof treePut>,
  ): Promise<Verdict> {
    const { repository_id, snapshot_id } = body;
    const index = await store.findIndex(db, repository_id, snapshot_id);
    if (index?.state !== "indexing" || index.host_id !== hostId)
      return "refused";
    const trees = parts.join(hostId, body.trees);
    const below = trees && (await checkInTurn(trees));
    if (trees === null || below === null) return "again";
    return keep(hostId, body, trees, below);
  }

  return {
    /** The host is away: what it left unfinished it tells anew. */
    forget: parts.forget,

    async have(
      hostId: string,
      body: z.infer<typeof treeHave>,
    ): Promise<TreeHaveAnswer> {
      const { repository_id, snapshot_id, t } = body;
      parts.forget(hostId);
      return tx.run(async (trx) => {
        // Without an answer the agent comes again later.
        if (closing.isClosed(repository_id))
          throw new AppError("repository_busy");
        const found = await source(trx, hostId, repository_id, snapshot_id);
        const generation = found?.generation ?? "";
        const no = { host: hostId, t, wanted: false, generation };
        if (found?.isWanted !== true) return no;
        if (await isFull(trx, hostId)) {
          if (!found.isNew)
            await store.failIndex(trx, repository_id, snapshot_id, full, now());
          return no;
        }
        if (found.isNew && (await store.countOpen(trx, hostId)) >= mostOpen)
          throw new AppError("rate_limited", {
            message: "The host has begun to tell of too many snapshots.",
          });
        await store.saveIndex(trx, {
          repository_id,
          snapshot_id,
          host_id: hostId,
          asked: found.isAsked ? 1 : 0,
          state: "indexing",
          message: null,
          trees_received: 0,
          updated_at: now(),
        });
        return { ...no, wanted: true };
      });
    },

    async put(
      hostId: string,
      body: z.infer<typeof treePut>,
    ): Promise<TreeAnswer> {
      const { repository_id, t } = body;
      const no = { host: hostId, t, ok: false, again: false };
      if (heard.has(hostId)) return no;
      heard.add(hostId);
      try {
        const verdict = await take(hostId, body);
        const held = verdict === "again" ? isToBeSaid(hostId) : null;
        if (held !== null)
          deps.log.warn(
            "What a host tells of a snapshot does not fit together",
            { host_id: hostId, repository_id, count: held + 1 },
          );
        return { ...no, ok: verdict === "stored", again: verdict === "again" };
      } finally {
        heard.delete(hostId);
      }
    },

    async done(
      hostId: string,
      body: z.infer<typeof treeDone>,
    ): Promise<TreeAnswer> {
      const { repository_id, snapshot_id, root, files, bytes, t } = body;
      const verdict = await tx.run(async (trx): Promise<Verdict> => {
        if (!(await isTelling(trx, hostId, repository_id, snapshot_id)))
          return "refused";
        const known = await store.knownTrees(trx, repository_id, [root]);
        if (!known.has(root)) {
          await generations.renew(trx, repository_id);
          return "again";
        }
        await store.finishIndex(trx, hostId, {
          repository_id,
          snapshot_id,
          root,
          files,
          bytes,
          updated_at: now(),
        });
        return "stored";
      });
      if (verdict === "stored") deps.onProgress(repository_id);
      return {
        host: hostId,
        t,
        ok: verdict === "stored",
        again: verdict === "again",
      };
    },
  };
}
