import { every, toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import { failure } from "@restic-manager/shared/domain/failure.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Db } from "../../ports/db.ts";
import type { EndAsLost } from "./lost.ts";
import * as store from "./store.ts";

const silentMs = 24 * 60 * 60_000;
const lookMs = 10 * 60_000;

/**
 * Gives up the jobs of hosts that were not heard of for a day, so that nothing runs for ever. Whether a host is away is what
 * the fleet page says: after a start of the server each gets time to come back.
 */
export function createSilence(deps: {
  db: Db;
  endAsLost: EndAsLost;
  clock: Clock;
  log: Log;
}): { start(): Cancel } {
  const { db, endAsLost, clock, log } = deps;

  async function look(): Promise<void> {
    const before = toTimestamp(clock.now() - silentMs);
    for (const id of await store.jobsOfSilent(db, before))
      await endAsLost(id, () => failure("host_silent"));
  }

  return {
    start: () =>
      every(clock, lookMs, () => {
        look().catch((error: unknown) =>
          log.error("Looking for jobs of silent hosts failed", { error }),
        );
      }),
  };
}
