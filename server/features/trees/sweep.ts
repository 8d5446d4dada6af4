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
import * as store from "./store.ts";

const sweepMs = 3_600_000;
/** The list that names a new snapshot comes by another way than its trees. */
const graceMs = 3_600_000;
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

  async function neededTrees(repositoryId: string): Promise<Set<string>> {
    const breath = createBreath(clock);
    const todo = await store.rootsOf(db, repositoryId);
    const needed = new Set<string>();
    for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
      if (needed.has(id)) continue;
      needed.add(id);
      for (const { d } of await reader.entries(repositoryId, id))
        if (d !== undefined && !needed.has(d)) todo.push(d);
      await breath();
    }
    return needed;
  }

  async function dropUnneeded(repositoryId: string): Promise<number> {
    const needed = await neededTrees(repositoryId);
    let dropped = 0;
    let ids = await store.treeIdsAfter(db, repositoryId, "", atOnce);
    while (ids.length > 0) {
      const gone = ids.filter((id) => !needed.has(id));
      if (gone.length > 0)
        await tx.run((trx) => store.dropTrees(trx, repositoryId, gone));
      dropped += gone.length;
      const last = ids.at(-1) ?? "";
      ids = await store.treeIdsAfter(db, repositoryId, last, atOnce);
    }
    return dropped;
  }

  async function sweep(): Promise<void> {
    const before = toTimestamp(clock.now() - graceMs);
    const forgotten = await store.forgottenIndexes(db, before);
    const byRepository = Map.groupBy(forgotten, (row) => row.repository_id);
    for (const [repositoryId, gone] of byRepository) {
      // What is on its way hangs on no snapshot yet.
      if (await store.isIndexing(db, repositoryId, before)) continue;
      await closing.while(repositoryId, async () => {
        await tx.run(async (trx) => {
          for (const { snapshot_id } of gone)
            await store.dropIndex(trx, repositoryId, snapshot_id);
        });
        const dropped = await dropUnneeded(repositoryId);
        deps.log.info("The index of forgotten snapshots is thrown away", {
          repository_id: repositoryId,
          count: dropped,
        });
      });
    }
  }

  function size(repositoryId: string): Promise<RepositoryIndex> {
    return store.sizeOf(db, repositoryId);
  }

  return {
    size,

    /** Loses no backup: it is read again from the repository when somebody asks. */
    async deleteAll(
      repositoryId: string,
      by: Initiator,
    ): Promise<RepositoryIndex> {
      const isDone = await closing.while(repositoryId, async () => {
        await tx.run(async (trx) => {
          await store.dropIndexes(trx, repositoryId);
          await store.setGeneration(trx, repositoryId, random.id());
          await audit.record(trx, by, {
            action: "index.delete",
            target: { kind: "repository", id: repositoryId },
          });
        });
        const some = () =>
          tx.run((trx) => store.dropSomeTrees(trx, repositoryId, atOnce));
        while ((await some()) > 0);
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
