import { every, toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type {
  OwnSessionList,
  OwnSessionQuery,
} from "@restic-manager/shared/api/auth.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Actor } from "../../ports/route.ts";
import type { Transaction } from "../../ports/transaction.ts";
import {
  deleteExpiredSessions,
  deleteSessionOf,
  listSessionsOf,
} from "./session-store.ts";

const purgeEveryMs = 15 * 60_000;

/** Where a user is logged in. */
export interface Sessions {
  /** Those that still run, the newest first. */
  list(actor: Actor, page: OwnSessionQuery): Promise<OwnSessionList>;
  /** Ends one of the user's own sessions at once. @throws AppError `session_not_found` */
  revoke(actor: Actor, sessionId: string, by: Initiator): Promise<void>;
  /** Begins to delete expired sessions, now and every 15 minutes. */
  start(): Cancel;
}

export function createSessions(deps: {
  readonly db: Db;
  readonly tx: Transaction;
  readonly audit: Audit;
  readonly events: Events;
  readonly clock: Clock;
  readonly log: Log;
}): Sessions {
  const { db, tx, audit, events, clock, log } = deps;
  const now = () => toTimestamp(clock.now());

  function purge(): void {
    tx.run((trx) => deleteExpiredSessions(trx, now())).catch((error: unknown) =>
      log.error("Deleting expired sessions failed", { error }),
    );
  }

  return {
    async list({ userId, sessionId }, { cursor, limit }) {
      const rows = await listSessionsOf(db, userId, {
        now: now(),
        cursor,
        limit: limit + 1,
      });
      const page = rows.slice(0, limit);
      return {
        sessions: page.map((row) => ({
          ...row,
          current: row.id === sessionId,
        })),
        next_cursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
      };
    },

    async revoke({ userId }, sessionId, by) {
      await tx.run(async (trx) => {
        if (!(await deleteSessionOf(trx, userId, sessionId))) {
          throw new AppError("session_not_found");
        }
        await audit.record(trx, by, {
          action: "auth.session_revoke",
          target: { kind: "session", id: sessionId },
        });
      });
      events.emit({ type: "session.ended", sessionId });
    },

    start() {
      purge();
      return every(clock, purgeEveryMs, purge);
    },
  };
}
