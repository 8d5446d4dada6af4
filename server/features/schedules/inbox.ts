import { configRequest } from "@restic-manager/shared/protocol/config.ts";
import type {
  ConfigAnswer,
  ConfigRequest,
} from "@restic-manager/shared/protocol/config.ts";
import { configApplied } from "@restic-manager/shared/protocol/event.ts";
import type { Events } from "../../events.ts";
import type { AgentEvents, AgentRequests } from "../../ports/agent-link.ts";
import type { Applied } from "./applied.ts";
import type { ConfigRevision } from "./config-revision.ts";

/** The doors for agents: they fetch their configuration and say what they made of it. */
export function connectSchedules(deps: {
  requests: AgentRequests;
  agentEvents: AgentEvents;
  events: Events;
  config: Pick<ConfigRevision, "remind">;
  answer: (hostId: string, request: ConfigRequest) => Promise<ConfigAnswer>;
  applied: Applied;
}): void {
  deps.requests.on("cfg.get", configRequest, deps.answer);
  deps.agentEvents.on("cfg.applied", configApplied, deps.applied);
  deps.events.on((event) => {
    if (event.type === "host.outdated") {
      deps.config.remind(event.hostId);
    }
  });
}
