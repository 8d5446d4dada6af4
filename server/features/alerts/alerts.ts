import type {
  Alert,
  AlertCounts,
  AlertList,
  AlertQuery,
} from "@restic-manager/shared/api/alerts.ts";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Notices } from "../../ports/notices.ts";
import type { Transaction } from "../../ports/transaction.ts";
import * as store from "./store.ts";
import { viewAlert } from "./view.ts";

/** What people see of alerts, and do with them. */
export interface Alerts {
  /** Null when there is no such alert. */
  find(id: string): Promise<Alert | null>;
  list(query: AlertQuery): Promise<AlertList>;
  counts(): Promise<AlertCounts>;
  /** Somebody has seen it; it goes on holding. @throws AppError `alert_not_found`, `alert_resolved` */
  acknowledge(id: string, by: Initiator): Promise<Alert>;
  /** Closes it until it happens anew. @throws AppError `alert_not_found`, `alert_resolved` */
  resolve(id: string, by: Initiator): Promise<Alert>;
}

export function createAlerts(deps: {
  db: Db;
  tx: Transaction;
  notices: Notices;
  audit: Audit;
  events: Events;
  clock: Clock;
}): Alerts {
  const { db, tx, notices, audit, events, clock } = deps;

  async function find(id: string): Promise<Alert | null> {
    const record = await store.findAlert(db, id);
    return record && viewAlert(record);
  }

  async function move(
    id: string,
    to: "acknowledged" | "resolved",
    change: Parameters<typeof store.updateAlert>[2],
    by: Initiator,
  ): Promise<Alert> {
    const { alert, isNew } = await tx.run(async (trx) => {
      const before = await store.findAlert(trx, id);
      if (before === null) throw new AppError("alert_not_found");
      if (before.resolved_at !== null) throw new AppError("alert_resolved");
      if (to === "acknowledged" && before.acknowledged_at !== null)
        return { alert: viewAlert(before), isNew: false };
      await store.updateAlert(trx, id, change);
      const after = viewAlert((await store.findAlert(trx, id)) ?? before);
      const at = toTimestamp(clock.now());
      await notices.put(trx, { move: to, at, by: by.name, alert: after });
      await audit.record(trx, by, {
        action: to === "acknowledged" ? "alert.acknowledge" : "alert.resolve",
        target: { kind: "alert", id },
        payload: { kind: before.kind, message: before.message },
      });
      return { alert: after, isNew: true };
    });
    if (isNew) {
      notices.wake();
      events.emit({ type: "alert.changed", alertId: id });
    }
    return alert;
  }

  return {
    find,
    async list(query) {
      const { limit } = query;
      const rows = await store.listAlerts(db, { ...query, limit: limit + 1 });
      const alerts = rows.slice(0, limit).map(viewAlert);
      const last = alerts.at(-1)?.id ?? null;
      return { alerts, next_cursor: rows.length > limit ? last : null };
    },
    counts: () => store.countAlerts(db),
    acknowledge: (id, by) =>
      move(
        id,
        "acknowledged",
        {
          acknowledged_at: toTimestamp(clock.now()),
          acknowledged_by: by.id,
        },
        by,
      ),
    resolve: (id, by) =>
      move(
        id,
        "resolved",
        { resolved_at: toTimestamp(clock.now()), resolved_by: by.id },
        by,
      ),
  };
}
