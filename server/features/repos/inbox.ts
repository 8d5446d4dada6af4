import { snapshotPart } from "@restic-manager/shared/protocol/event.ts";
import type { AgentEvents } from "../../ports/agent-link.ts";
import type { Snapshots } from "./snapshots.ts";

/** The door for agents: the snapshot lists of their repositories, in parts. */
export function connectRepositories(deps: {
  agentEvents: AgentEvents;
  snapshots: Pick<Snapshots, "take">;
}): void {
  deps.agentEvents.on("snap.part", snapshotPart, deps.snapshots.take);
}
