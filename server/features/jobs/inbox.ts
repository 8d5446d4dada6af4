import { jobProgress } from "@restic-manager/shared/domain/job.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import {
  jobDone,
  jobStarted,
  logBatch,
} from "@restic-manager/shared/protocol/event.ts";
import { pattern } from "@restic-manager/shared/protocol/topic.ts";
import type { AgentEvents } from "../../ports/agent-link.ts";
import type { Bus, Unsubscribe } from "../../ports/bus.ts";
import type { JobReports } from "./apply.ts";
import { cutProgress } from "./limits.ts";
import type { ProgressBoard } from "./progress.ts";

/** The doors for agents: results and logs, stored once, and progress, which may get lost. */
export function connectJobs(deps: {
  agentEvents: AgentEvents;
  bus: Pick<Bus, "subscribe">;
  reports: JobReports;
  progress: Pick<ProgressBoard, "take">;
  log: Log;
}): Unsubscribe {
  const { agentEvents, bus, reports, progress, log } = deps;
  agentEvents.on("job.started", jobStarted, reports.started);
  agentEvents.on("job.done", jobDone, reports.done);
  agentEvents.on("log", logBatch, reports.log);
  return bus.subscribe(pattern.live, ({ hostId, tail, text }) => {
    const latest = parseJson(text, jobProgress);
    if (latest === null) return;
    progress.take(hostId, tail, cutProgress(latest)).catch((error: unknown) => {
      log.error("Progress could not be shown", {
        host_id: hostId,
        job_id: tail,
        error,
      });
    });
  });
}
