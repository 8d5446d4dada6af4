import { z } from "zod";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { SnapshotIndex } from "@restic-manager/shared/api/trees.ts";
import { AppError } from "../../app-error.ts";
import type { AgentCommands } from "../../ports/agent-link.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Closing } from "./closing.ts";
import * as store from "./store.ts";

const answerMs = 10_000;
/** An agent that sends says something every few seconds; it may have to wait for a job before it begins. */
const silentMs = 10 * 60_000;

const stopped =
  "The agent stopped sending what is in this snapshot; ask for it again.";

/** How far snapshots are indexed, and asking an agent for one. */
export function createAsking(deps: {
  db: Db;
  tx: Transaction;
  commands: AgentCommands;
  presence: { isOnline(hostId: string): boolean };
  hostsOfRepository: (repositoryId: string) => Promise<string[]>;
  closing: Closing;
  audit: Audit;
  clock: Clock;
}) {
  const { db, tx, commands, presence, audit, clock } = deps;

  async function state(
    repositoryId: string,
    snapshotId: string,
  ): Promise<SnapshotIndex> {
    if ((await store.findSnapshot(db, repositoryId, snapshotId)) === null)
      throw new AppError("snapshot_not_found");
    const index = await store.findIndex(db, repositoryId, snapshotId);
    if (index === null) return nothing;
    const isSilent =
      index.state === "indexing" &&
      clock.now() - Date.parse(index.updated_at) > silentMs;
    return {
      state: isSilent ? "failed" : index.state,
      message: isSilent ? stopped : index.message,
      trees: index.trees_received,
      files: index.files,
      bytes: index.bytes,
      indexed_at: index.state === "ready" ? index.updated_at : null,
    };
  }

  /** The host that made it first: it has restic's cache of it. */
  async function whoCould(
    repositoryId: string,
    snapshotId: string,
  ): Promise<string> {
    const snapshot = await store.findSnapshot(db, repositoryId, snapshotId);
    if (snapshot === null) throw new AppError("snapshot_not_found");
    const users = await deps.hostsOfRepository(repositoryId);
    const online = users.filter((id) => presence.isOnline(id));
    const best = online.find((id) => id === snapshot.host_id) ?? online[0];
    if (best === undefined) throw new AppError("host_offline");
    return best;
  }

  return {
    state,

    async ask(
      repositoryId: string,
      snapshotId: string,
      by: Initiator,
    ): Promise<SnapshotIndex> {
      const known = await state(repositoryId, snapshotId);
      if (known.state === "ready" || known.state === "indexing") return known;
      const hostId = await whoCould(repositoryId, snapshotId);
      const before = await tx.run(async (trx) => {
        if (deps.closing.isClosed(repositoryId))
          throw new AppError("repository_busy");
        const was = await store.findRow(trx, repositoryId, snapshotId);
        await store.saveIndex(trx, {
          repository_id: repositoryId,
          snapshot_id: snapshotId,
          host_id: hostId,
          asked: 1,
          state: "indexing",
          message: null,
          trees_received: 0,
          updated_at: toTimestamp(clock.now()),
        });
        await audit.record(trx, by, {
          action: "snapshot.index",
          target: { kind: "repository", id: repositoryId },
          payload: { snapshot_id: snapshotId, host_id: hostId },
        });
        return was;
      });
      try {
        const answer = await commands.send(
          hostId,
          "tree.index",
          () => ({ repository_id: repositoryId, snapshot_id: snapshotId }),
          z.unknown(),
          answerMs,
        );
        if (!answer.ok)
          throw new AppError("agent_refused", {
            message: answer.message,
            agentCode: answer.code,
          });
      } catch (error) {
        // After a timeout the agent may still do it.
        if (!(error instanceof AppError && error.code === "agent_timeout"))
          await tx.run((trx) =>
            before === null
              ? store.dropIndex(trx, repositoryId, snapshotId)
              : store.saveIndex(trx, before),
          );
        throw error;
      }
      return state(repositoryId, snapshotId);
    },
  };
}

const nothing: SnapshotIndex = {
  state: "none",
  message: null,
  trees: 0,
  files: null,
  bytes: null,
  indexed_at: null,
};
