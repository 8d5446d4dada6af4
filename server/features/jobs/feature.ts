import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Events } from "../../events.ts";
import type { ServerIdentity } from "../../identity.ts";
import type { AgentCommands, AgentEvents } from "../../ports/agent-link.ts";
import type { Audit } from "../../ports/audit.ts";
import type { Bus, Unsubscribe } from "../../ports/bus.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import { createJobReports } from "./apply.ts";
import type { RepositoryUsed } from "./apply.ts";
import { createCancel } from "./cancel.ts";
import { createDispatch } from "./dispatch.ts";
import { downloadLog } from "./download.ts";
import { connectJobs } from "./inbox.ts";
import { createJobLimits } from "./limits.ts";
import { createJobs } from "./jobs.ts";
import { createEndAsLost } from "./lost.ts";
import { createProgressBoard } from "./progress.ts";
import { createReconcile } from "./reconcile.ts";
import { jobRoutes } from "./routes.ts";
import { createSending } from "./sending.ts";
import { createUpkeepQueue } from "./upkeep-queue.ts";
import type { Prepare } from "./upkeep-queue.ts";
import { createSilence } from "./silence.ts";

export interface Presence {
  isOnline(hostId: string): boolean;
  /** The epoch an online agent named; null for a host that is away. */
  epochOf(hostId: string): string | null;
}

/** Jobs: started here or by the agent, their progress, logs and results. */
export function createJobsFeature(deps: {
  db: Db;
  tx: Transaction;
  commands: AgentCommands;
  presence: Presence;
  identity: Pick<ServerIdentity, "sealFor">;
  repositoryUsed: RepositoryUsed;
  prepare: Prepare;
  audit: Audit;
  events: Events;
  random: Random;
  clock: Clock;
  log: Log;
}) {
  const progress = createProgressBoard(deps);
  const jobs = createJobs({ ...deps, progress });
  const limits = createJobLimits(deps.clock);
  const sending = createSending(deps);
  const upkeep = createUpkeepQueue({ ...deps, sending });
  const reports = createJobReports({ ...deps, progress, limits });
  const endAsLost = createEndAsLost({ ...deps, progress });

  return {
    jobs,
    upkeep,
    sending,
    /** To be told what every hello and heartbeat says. */
    reconcile: createReconcile({ ...deps, endAsLost }),
    /** Begins to send upkeep whose turn has come, and to give up on hosts that are silent. */
    start(): Cancel {
      const stops = [
        upkeep.start(),
        createSilence({ ...deps, endAsLost }).start(),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    },
    routes: jobRoutes({
      jobs,
      dispatch: createDispatch({ ...deps, jobs, sending }),
      cancel: createCancel({ ...deps, jobs }),
      download: (jobId, format) => downloadLog(deps.db, jobId, format),
    }),
    connect(link: {
      agentEvents: AgentEvents;
      bus: Pick<Bus, "subscribe">;
    }): Unsubscribe {
      return connectJobs({ ...link, reports, progress, log: deps.log });
    },
  };
}
