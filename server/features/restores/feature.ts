import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Events } from "../../events.ts";
import type { ServerIdentity } from "../../identity.ts";
import type { AgentCommands } from "../../ports/agent-link.ts";
import type { AgentStreams } from "../../ports/agent-streams.ts";
import type { Audit } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { WatchSession } from "../../ports/session-watch.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import type { Jobs } from "../jobs/jobs.ts";
import type { Sending } from "../jobs/sending.ts";
import type { CredentialReader } from "../repos/access.ts";
import { createCheckRestore } from "./check.ts";
import { createDownload } from "./downloads.ts";
import { createFindKeeper } from "./keeper.ts";
import type { RunnersOf } from "./keeper.ts";
import { createPlan } from "./plan.ts";
import type { LookUp } from "./plan.ts";
import { createStartRestore } from "./restores.ts";
import { restoreRoutes } from "./routes.ts";
import { createSealTo } from "./sealed-command.ts";
import { createTemporaryKeys } from "./temporary-keys.ts";

/** Getting files back: on the host they came from, on another one, or into the browser. */
export function createRestoresFeature(deps: {
  db: Db;
  tx: Transaction;
  identity: Pick<ServerIdentity, "sealFor">;
  commands: AgentCommands;
  presence: {
    isOnline(hostId: string): boolean;
    epochOf(hostId: string): string | null;
  };
  access: CredentialReader;
  runnersOf: RunnersOf;
  keepersOf: RunnersOf;
  lookUp: LookUp;
  streams: AgentStreams;
  watchSession: WatchSession;
  sending: Sending;
  jobs: Pick<Jobs, "get">;
  audit: Audit;
  events: Events;
  random: Random;
  clock: Clock;
  log: Log;
}) {
  const findKeeper = createFindKeeper(deps);
  const parts = { ...deps, findKeeper, seal: createSealTo(deps.identity) };
  const keys = createTemporaryKeys(parts);
  const planned = { ...parts, keys, plan: createPlan(parts) };

  return {
    routes: restoreRoutes({
      start: createStartRestore(planned),
      check: createCheckRestore(planned),
      download: createDownload(parts),
    }),
    /** Begins to remove the keys of restores that have ended. */
    start: (): Cancel => keys.start(),
  };
}
