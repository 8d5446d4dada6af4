import { z } from "zod";
import type { Log } from "@restic-manager/shared/log.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { AgentCommands } from "../../ports/agent-link.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

const answerTimeoutMs = 10_000;
/** Sealed, as base64 and signed it must be within the 1 MiB that the broker takes. */
const maxConfigBytes = 700 * 1024;

/** The revision of what a host should do. Whoever changes any of that raises it with the change, and tells after it. */
export interface ConfigRevision {
  /** Inside the transaction of the change. */
  raise(trx: Trx, hostIds: readonly string[]): Promise<void>;
  /**
   * Inside the transaction of a change that may make a configuration longer, after it.
   * @throws AppError `configuration_too_large` when the agent could no longer be given it.
   */
  requireFit(trx: Trx, hostId: string): Promise<void>;
  /** After the commit. A host that is away fetches the configuration when it is back. */
  announce(hostIds: readonly string[]): void;
  /** Tells an agent again that there is a newer configuration than the one it runs by. */
  remind(hostId: string): void;
}

export function createConfigRevision(deps: {
  db: Db;
  commands: AgentCommands;
  events: Events;
  log: Log;
  /** How many bytes the configuration of a host takes before it is sealed. */
  sizeOf: (trx: Trx, hostId: string) => Promise<number>;
}): ConfigRevision {
  const { db, commands, events, log, sizeOf } = deps;

  async function hint(hostId: string): Promise<void> {
    const host = await db
      .selectFrom("hosts")
      .select("cfg_rev")
      .where("id", "=", hostId)
      .executeTakeFirst();
    if (host === undefined) return;
    const answer = await commands.send(
      hostId,
      "cfg.changed",
      () => ({ rev: host.cfg_rev }),
      z.unknown(),
      answerTimeoutMs,
    );
    if (!answer.ok) {
      log.warn("The agent refused the hint of a new configuration", {
        host_id: hostId,
        code: answer.code,
        reason: answer.message,
      });
    }
  }

  function remind(hostId: string): void {
    hint(hostId).catch((error: unknown) => {
      if (error instanceof AppError) {
        log.debug("A configuration hint found no agent", {
          host_id: hostId,
          code: error.code,
        });
      } else {
        log.error("A configuration hint failed", { host_id: hostId, error });
      }
    });
  }

  return {
    async raise(trx, hostIds) {
      if (hostIds.length === 0) return;
      await trx
        .updateTable("hosts")
        .set((eb) => ({ cfg_rev: eb("cfg_rev", "+", 1) }))
        .where("id", "in", hostIds)
        .execute();
    },
    async requireFit(trx, hostId) {
      if ((await sizeOf(trx, hostId)) > maxConfigBytes) {
        throw new AppError("configuration_too_large");
      }
    },
    announce(hostIds) {
      for (const hostId of hostIds) {
        events.emit({ type: "host.configured", hostId });
        events.emit({ type: "host.changed", hostId });
        remind(hostId);
      }
    },
    remind,
  };
}
