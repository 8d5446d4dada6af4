import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
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
import type { Transaction } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import type { Closing } from "./closing.ts";
import { createBreath } from "./breath.ts";
import { maxText, unpackChecked } from "./packed.ts";
import * as store from "./store.ts";

/** Of one long tree that is on its way, for each host. */
const maxPending = 64 * 1024 * 1024;

interface Pending {
  readonly id: string;
  readonly parts: Uint8Array[];
  size: number;
}

/**
 * Takes in what is in snapshots. A tree is stored when it is what its id names and everything below it is stored: so
 * whatever is stored is whole, and no host can put words into the tree of another.
 */
export function createIntake(deps: {
  db: Db;
  tx: Transaction;
  closing: Closing;
  /** A snapshot is indexed, or gets on with it. */
  onProgress: (repositoryId: string) => void;
  random: Random;
  clock: Clock;
  log: Log;
}) {
  const { db, tx, closing, clock, random } = deps;
  const pending = new Map<string, Pending>();
  const now = () => toTimestamp(clock.now());

  /** Null when the host may not speak of this snapshot. */
  async function source(
    hostId: string,
    repositoryId: string,
    snapshotId: string,
  ) {
    const found = await store.findSource(db, hostId, repositoryId, snapshotId);
    if (found === undefined) return null;
    const known = await store.findIndex(db, repositoryId, snapshotId);
    const isAsked = known?.asked === 1 && known.host_id === hostId;
    const isOthers = found.owner !== null && found.owner !== hostId;
    // An agent that was asked may read what another host has made.
    return isOthers && !isAsked ? null : { ...found, isAsked, known };
  }

  /** The agent begins again, and sends everything. */
  async function startOver(repositoryId: string): Promise<void> {
    await tx.run((trx) => store.setGeneration(trx, repositoryId, random.id()));
  }

  /** Joins the parts of long trees. @returns whole trees in order; null when parts are missing. */
  function whole(
    hostId: string,
    trees: z.infer<typeof treePut>["trees"],
  ): { id: string; packed: Uint8Array }[] | null {
    const result = [];
    for (const { id, part, of, z: text } of trees) {
      const bytes = new Uint8Array(Buffer.from(text, "base64"));
      if (of === 1) {
        result.push({ id, packed: bytes });
        continue;
      }
      const before: Pending | undefined =
        part === 0 ? { id, parts: [], size: 0 } : pending.get(hostId);
      if (before?.id !== id || before.parts.length !== part) return null;
      before.parts.push(bytes);
      before.size += bytes.length;
      // Parts of nothing could go on for ever.
      if (bytes.length === 0 || before.size > maxPending) return null;
      if (part + 1 < of) {
        pending.set(hostId, before);
        continue;
      }
      pending.delete(hostId);
      result.push({ id, packed: new Uint8Array(Buffer.concat(before.parts)) });
    }
    return result;
  }

  /** @returns false when one is wrong or stands on something that is missing, or when they unpack to too much. */
  async function check(
    repositoryId: string,
    trees: readonly { id: string; packed: Uint8Array }[],
  ): Promise<boolean> {
    const here = new Set<string>();
    const below = new Set<string>();
    const breath = createBreath(clock);
    let room = maxText;
    for (const { id, packed } of trees) {
      const tree = unpackChecked(id, packed, room);
      if (tree === null) return false;
      room -= tree.size;
      for (const { t, d } of tree.entries) {
        if (t === "dir" && d === undefined) return false;
        if (d !== undefined && !here.has(d)) below.add(d);
      }
      here.add(id);
      await breath();
    }
    const known = await store.knownTrees(db, repositoryId, [...below]);
    return known.size === below.size;
  }

  return {
    async have(
      hostId: string,
      body: z.infer<typeof treeHave>,
    ): Promise<TreeHaveAnswer> {
      const { repository_id, snapshot_id, t } = body;
      // It begins anew: what it left unfinished is of no use.
      pending.delete(hostId);
      // Without an answer the agent comes again later.
      if (closing.isClosed(repository_id))
        throw new AppError("repository_busy");
      const found = await source(hostId, repository_id, snapshot_id);
      const wanted =
        found !== null &&
        found.known?.state !== "ready" &&
        (found.isAsked || found.enabled === 1);
      if (wanted)
        await tx.run((trx) =>
          store.saveIndex(trx, {
            repository_id,
            snapshot_id,
            host_id: hostId,
            asked: found.isAsked ? 1 : 0,
            state: "indexing",
            message: null,
            trees_received: 0,
            updated_at: now(),
          }),
        );
      const generation = found?.generation ?? "";
      return { host: hostId, t, wanted, generation };
    },

    async put(
      hostId: string,
      body: z.infer<typeof treePut>,
    ): Promise<TreeAnswer> {
      const { repository_id, snapshot_id, t } = body;
      const no = { host: hostId, t, ok: false, again: false };
      const index = await store.findIndex(db, repository_id, snapshot_id);
      if (index?.state !== "indexing" || index.host_id !== hostId) return no;
      if (closing.isClosed(repository_id)) return no;
      const trees = whole(hostId, body.trees);
      if (trees === null || !(await check(repository_id, trees))) {
        pending.delete(hostId);
        await startOver(repository_id);
        deps.log.warn("What a host tells of a snapshot does not fit together", {
          host_id: hostId,
          repository_id,
        });
        return { ...no, again: true };
      }
      await tx.run(async (trx) => {
        if (trees.length > 0)
          await store.insertTrees(trx, repository_id, trees);
        await store.countReceived(
          trx,
          repository_id,
          snapshot_id,
          trees.length,
          now(),
        );
      });
      return { ...no, ok: true };
    },

    async done(
      hostId: string,
      body: z.infer<typeof treeDone>,
    ): Promise<TreeAnswer> {
      const { repository_id, snapshot_id, root, files, bytes, t } = body;
      const no = { host: hostId, t, ok: false, again: false };
      const index = await store.findIndex(db, repository_id, snapshot_id);
      if (index?.state !== "indexing" || index.host_id !== hostId) return no;
      if (closing.isClosed(repository_id)) return no;
      const known = await store.knownTrees(db, repository_id, [root]);
      if (!known.has(root)) {
        await startOver(repository_id);
        return { ...no, again: true };
      }
      await tx.run((trx) =>
        store.saveIndex(trx, {
          repository_id,
          snapshot_id,
          state: "ready",
          message: null,
          root,
          files,
          bytes,
          updated_at: now(),
        }),
      );
      deps.onProgress(repository_id);
      return { ...no, ok: true };
    },
  };
}
