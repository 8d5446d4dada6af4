import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Events } from "../../events.ts";
import type { Audit } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import type { Jobs } from "../jobs/jobs.ts";
import type { UpkeepQueue } from "../jobs/upkeep-queue.ts";
import type { CredentialReader } from "../repos/access.ts";
import type { NextRun } from "../schedules/next-run.ts";
import type { FindPolicies } from "./prepare.ts";
import { maintenanceRoutes } from "./routes.ts";
import { keepersOf, runnersOf } from "./runners.ts";
import { createSettings } from "./settings.ts";
import { createTicker } from "./ticker.ts";
import { createUpkeep } from "./upkeep.ts";

/** Upkeep of repositories: forget, prune, check, unlock and creating anew, by a person or by the clock. */
export function createMaintenanceFeature(deps: {
  db: Db;
  tx: Transaction;
  access: CredentialReader;
  findPolicies: FindPolicies;
  queue: UpkeepQueue;
  jobs: Pick<Jobs, "get">;
  presence: { isOnline(hostId: string): boolean };
  nextRun: NextRun;
  audit: Audit;
  events: Events;
  random: Random;
  clock: Clock;
  log: Log;
}) {
  const upkeep = createUpkeep(deps);
  const settings = createSettings(deps);
  return {
    runnersOf,
    keepersOf,
    routes: maintenanceRoutes({ settings, upkeep }),
    /** Begins to start upkeep when its time has come. */
    start: createTicker({ ...deps, upkeep }).start,
  };
}
