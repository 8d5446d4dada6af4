import { every, toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { RepositoryIndex } from "@restic-manager/shared/api/trees.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import { createBreath } from "./breath.ts";
import type { Closing } from "./closing.ts";
import type { TreeReader } from "./reader.ts";
import { setGeneration, sizeOf } from "./store.ts";
import * as store from "./sweep-store.ts";

const hour = 3_600_000;
const sweepMs = hour;
/** The list that names a new snapshot comes by another way than its trees. */
const graceMs = hour;
/** As long as an agent tries. */
const idleMs = 7 * 24 * hour;
/** What is on its way hangs on no snapshot yet, and is waited for: but not for ever, for it may be more and more. */
const patienceMs = 24 * hour;
const atOnce = 2_000;

/** Throws away trees that no snapshot needs any more, and all of them when a person says so. */
export function createSweep(deps: {
  db: Db;
  tx: Transaction;
  reader: TreeReader;
  closing: Closing;
  audit: Audit;
  events: Events;
  random: Random;
  clock: Clock;
  log: Log;
}) {
  const { db, tx, reader, closing, audit, random, clock } = deps;
  /** Repositories with something to throw away, and since when. */
  const waiting = new Map<string, number>();

  /** Tree → the first snapshot that needs it. */
  async function neededTrees(
    repositoryId: string,
  ): Promise<Map<string, string>> {
    const breath = createBreath(clock);
    const needed = new Map<string, string>();
    for (const index of await store.readyIndexes(db, repositoryId)) {
      const { snapshot_id, root } = index;
      const snapshot = reader.at(repositoryId, snapshot_id, root);
      const mine: string[] = [];
      const todo = [root];
      try {
        for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
          if (needed.has(id)) continue;
          needed.set(id, snapshot_id);
          mine.push(id);
          for (const { d } of await snapshot.entries(id))
            if (d !== undefined && !needed.has(d)) todo.push(d);
          await breath();
        }
      } catch (error) {
        if (!(error instanceof AppError && error.code === "not_indexed"))
          throw error;
        // It is no longer taken for indexed, and needs nothing.
        for (const id of mine) needed.delete(id);
      }
    }
    return needed;
  }

  async function dropUnneeded(repositoryId: string): Promise<number> {
    const needed = await neededTrees(repositoryId);
    const needs = new Map<string, store.Needs>();
    for (const { snapshot_id } of await store.readyIndexes(db, repositoryId))
      needs.set(snapshot_id, { trees: 0, bytes: 0 });
    let dropped = 0;
    let trees = await store.treesAfter(db, repositoryId, "", atOnce);
    while (trees.length > 0) {
      const gone: string[] = [];
      for (const { id, bytes } of trees) {
        const by = needed.get(id);
        const of = by === undefined ? undefined : needs.get(by);
        if (of === undefined) gone.push(id);
        else {
          of.trees += 1;
          of.bytes += bytes;
        }
      }
      if (gone.length > 0)
        await tx.run((trx) => store.dropTrees(trx, repositoryId, gone));
      dropped += gone.length;
      const last = trees.at(-1)?.id ?? "";
      trees = await store.treesAfter(db, repositoryId, last, atOnce);
    }
    await tx.run(async (trx) => {
      await store.saveNeeds(trx, repositoryId, needs);
      await store.dropIndexes(trx, repositoryId);
    });
    return dropped;
  }

  async function sweepOne(
    repositoryId: string,
    gone: readonly string[],
    before: string,
  ): Promise<void> {
    const since = waiting.get(repositoryId) ?? clock.now();
    waiting.set(repositoryId, since);
    const isPatient = clock.now() - since < patienceMs;
    if (isPatient && (await store.isIndexing(db, repositoryId, before))) return;
    await closing.while(repositoryId, async () => {
      await tx.run((trx) => store.giveUpIndexes(trx, repositoryId, gone));
      const dropped = await dropUnneeded(repositoryId);
      waiting.delete(repositoryId);
      deps.log.info("The index of forgotten snapshots is thrown away", {
        repository_id: repositoryId,
        count: dropped,
      });
    });
  }

  async function sweep(): Promise<void> {
    const before = toTimestamp(clock.now() - graceMs);
    const useless = await store.uselessIndexes(db, {
      unlisted: before,
      idle: toTimestamp(clock.now() - idleMs),
    });
    const byRepository = Map.groupBy(useless, (row) => row.repository_id);
    for (const id of waiting.keys())
      if (!byRepository.has(id)) waiting.delete(id);
    for (const [repositoryId, rows] of byRepository) {
      const gone = rows.map((row) => row.snapshot_id);
      try {
        await sweepOne(repositoryId, gone, before);
      } catch (error) {
        deps.log.error("Throwing away old indexes failed", {
          repository_id: repositoryId,
          error,
        });
      }
    }
  }

  async function size(repositoryId: string): Promise<RepositoryIndex> {
    const found = await sizeOf(db, repositoryId);
    if (found === null) throw new AppError("repository_not_found");
    return found;
  }

  return {
    size,

    /** Loses no backup: it is read again from the repository when somebody asks. */
    async deleteAll(
      repositoryId: string,
      by: Initiator,
    ): Promise<RepositoryIndex> {
      await size(repositoryId);
      const isDone = await closing.while(repositoryId, async () => {
        await tx.run(async (trx) => {
          await store.giveUpIndexes(trx, repositoryId, null);
          await setGeneration(trx, repositoryId, random.id());
          await audit.record(trx, by, {
            action: "index.delete",
            target: { kind: "repository", id: repositoryId },
          });
        });
        const some = () =>
          tx.run((trx) => store.dropSomeTrees(trx, repositoryId, atOnce));
        while ((await some()) > 0);
        await tx.run((trx) => store.dropIndexes(trx, repositoryId));
      });
      if (!isDone) throw new AppError("repository_busy");
      deps.events.emit({ type: "repository.changed", repositoryId });
      return size(repositoryId);
    },

    start(): Cancel {
      return every(clock, sweepMs, () => {
        sweep().catch((error: unknown) =>
          deps.log.error("Throwing away old indexes failed", { error }),
        );
      });
    },
  };
}
