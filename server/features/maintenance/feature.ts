import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Events } from "../../events.ts";
import type { Audit } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import type { Jobs } from "../jobs/jobs.ts";
import type { UpkeepQueue } from "../jobs/upkeep-queue.ts";
import type { CredentialReader } from "../repos/access.ts";
import type { NextRun } from "../schedules/next-run.ts";
import type { FindPolicies } from "./prepare.ts";
import { maintenanceRoutes } from "./routes.ts";
import { possibleRunners } from "./runner-store.ts";
import type { Runner } from "./runner-store.ts";
import { createSettings } from "./settings.ts";
import { findUpkeep } from "./store.ts";
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
    /** Who does it, in the order in which they are asked. */
    async runnersOf(trx: Trx, repositoryId: string): Promise<Runner[]> {
      const record = await findUpkeep(trx, repositoryId);
      const chosen = record?.settings.runner_host_id ?? null;
      return possibleRunners(trx, repositoryId, chosen);
    },
    /**
     * Who may have the access that deletes, without being asked for by a person. Nobody while none is chosen and nothing
     * deletes, which is how the removal of the chosen one leaves a repository.
     */
    async keepersOf(trx: Trx, repositoryId: string): Promise<Runner[]> {
      const record = await findUpkeep(trx, repositoryId);
      if (record === null) return [];
      const { runner_host_id, forget, prune } = record.settings;
      const isLeft =
        runner_host_id === null && !forget.enabled && !prune.enabled;
      return isLeft ? [] : possibleRunners(trx, repositoryId, runner_host_id);
    },
    routes: maintenanceRoutes({ settings, upkeep }),
    /** Begins to start upkeep when its time has come. */
    start: createTicker({ ...deps, upkeep }).start,
  };
}
