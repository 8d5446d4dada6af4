import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Events } from "../../events.ts";
import type { Audit } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Notices } from "../../ports/notices.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import { createAlerts } from "./alerts.ts";
import { createEngine } from "./engine.ts";
import type { NextRun } from "../schedules/next-run.ts";
import type { RetentionStates } from "./repository-finding-store.ts";
import { alertRoutes } from "./routes.ts";

/** Alerts: what people should know of, found by looking at what holds. */
export function createAlertsFeature(deps: {
  db: Db;
  tx: Transaction;
  notices: Notices;
  audit: Audit;
  events: Events;
  nextRun: NextRun;
  retention: RetentionStates;
  random: Random;
  clock: Clock;
  log: Log;
  config: { readonly offlineAfter: number };
}) {
  const alerts = createAlerts(deps);
  const engine = createEngine({ ...deps, returnMs: deps.config.offlineAfter });
  return { alerts, routes: alertRoutes(alerts), start: engine.start };
}
