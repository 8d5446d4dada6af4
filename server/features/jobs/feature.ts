import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Events } from "../../events.ts";
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
  repositoryUsed: RepositoryUsed;
  audit: Audit;
  events: Events;
  random: Random;
  clock: Clock;
  log: Log;
}) {
  const progress = createProgressBoard(deps);
  const jobs = createJobs({ ...deps, progress });
  const limits = createJobLimits(deps.clock);
  const reports = createJobReports({ ...deps, progress, limits });
  const endAsLost = createEndAsLost({ ...deps, progress });

  return {
    jobs,
    /** To be told what every hello and heartbeat says. */
    reconcile: createReconcile({ ...deps, endAsLost }),
    start: createSilence({ ...deps, endAsLost }).start,
    routes: jobRoutes({
      jobs,
      dispatch: createDispatch({ ...deps, jobs }),
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
