import {
  repoStats,
  repoUnlocked,
  snapshotPart,
} from "@restic-manager/shared/protocol/event.ts";
import type { AgentEvents } from "../../ports/agent-link.ts";
import type { Snapshots } from "./snapshots.ts";
import type { Stats } from "./stats.ts";

/** The door for agents: the snapshot lists of their repositories, in parts, and how jobs left these. */
export function connectRepositories(deps: {
  agentEvents: AgentEvents;
  snapshots: Pick<Snapshots, "take">;
  stats: Stats;
}): void {
  const { agentEvents, snapshots, stats } = deps;
  agentEvents.on("snap.part", snapshotPart, snapshots.take);
  agentEvents.on("repo.stats", repoStats, stats.take);
  agentEvents.on("repo.unlocked", repoUnlocked, stats.unlocked);
}
