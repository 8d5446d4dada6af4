import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Trx } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import * as store from "./store.ts";

const everyMs = 3_600_000;

/** Under a new generation every agent of a repository tells everything again. */
export interface Generations {
  /** Because trees are missing: once an hour, since any host can have it so. */
  renew(trx: Trx, repositoryId: string): Promise<void>;
}

export function createGenerations(deps: {
  random: Random;
  clock: Clock;
}): Generations {
  const renewed = new Map<string, number>();
  return {
    async renew(trx, repositoryId) {
      const now = deps.clock.now();
      const last = renewed.get(repositoryId);
      if (last !== undefined && Math.abs(now - last) < everyMs) return;
      renewed.set(repositoryId, now);
      await store.setGeneration(trx, repositoryId, deps.random.id());
    },
  };
}
