import { join } from "node:path";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { createJobStore } from "../commands/job-store.ts";
import { createLockSuspects } from "../commands/lock-suspects.ts";
import type { UpkeepDeps } from "../commands/upkeep-task.ts";
import { signingKey } from "../identity/keys.ts";
import { createOutbox } from "../link/outbox.ts";
import { createLog } from "../log.ts";
import { createRandom } from "../random.ts";
import type { ResticRunner } from "../restic/run.ts";
import { openStateDb } from "../state-db.ts";

/** What upkeep needs, with a restic of the test's own and an outbox that nobody empties. */
export function upkeepDeps(dir: string, run: ResticRunner["run"]): UpkeepDeps {
  const clock = createManualClock();
  const db = openStateDb(join(dir, "agent.db"));
  const random = createRandom(clock);
  const stamp = () => new Date(clock.now()).toISOString();
  const outbox = createOutbox({
    db,
    hostId: "habcdefghijkl",
    sign: signingKey(new Uint8Array(32).fill(4)).sign,
    time: { stamp },
    random,
  });
  return {
    runner: { run },
    clock,
    time: { stamp },
    outbox,
    jobs: createJobStore(db),
    suspects: createLockSuspects(db),
    hostname: () => "endpoint",
    isGone: () => false,
    stopping: new AbortController().signal,
    live: () => {},
    stats: { afterUpkeep: async () => {} },
    configuration: { current: () => null },
    newRev: random.id,
    limits: { stallMs: 1, limitMs: 1 },
    ended: () => {},
    log: createLog({ level: "error", format: "text", clock, write() {} }),
  };
}
