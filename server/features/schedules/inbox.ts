import { configRequest } from "@restic-manager/shared/protocol/config.ts";
import type {
  ConfigAnswer,
  ConfigRequest,
} from "@restic-manager/shared/protocol/config.ts";
import {
  configApplied,
  scheduleMissed,
} from "@restic-manager/shared/protocol/event.ts";
import type { Events } from "../../events.ts";
import type { AgentEvents, AgentRequests } from "../../ports/agent-link.ts";
import type { Applied } from "./applied.ts";
import type { ConfigRevision } from "./config-revision.ts";
import type { Missed } from "./missed.ts";

/** The doors for agents: they fetch their configuration, say what they made of it, and which fires they missed. */
export function connectSchedules(deps: {
  requests: AgentRequests;
  agentEvents: AgentEvents;
  events: Events;
  config: Pick<ConfigRevision, "remind">;
  answer: (hostId: string, request: ConfigRequest) => Promise<ConfigAnswer>;
  applied: Applied;
  missed: Missed;
}): void {
  deps.requests.on("cfg.get", configRequest, deps.answer);
  deps.agentEvents.on("cfg.applied", configApplied, deps.applied);
  deps.agentEvents.on("sched.missed", scheduleMissed, deps.missed);
  deps.events.on((event) => {
    if (event.type === "host.outdated") {
      deps.config.remind(event.hostId);
    }
  });
}
