import { every, toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import { upkeepKinds } from "@restic-manager/shared/domain/maintenance.ts";
import type {
  SkipReason,
  UpkeepKind,
} from "@restic-manager/shared/domain/maintenance.ts";
import type { ApiErrorCode } from "@restic-manager/shared/api/errors.ts";
import { isTerminal } from "@restic-manager/shared/domain/job.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import { systemInitiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { NextRun } from "../schedules/next-run.ts";
import { dueFire } from "./due.ts";
import { possibleRunners } from "./runner-store.ts";
import type { Runner } from "./runner-store.ts";
import * as store from "./store.ts";
import type { Upkeep } from "./upkeep.ts";

const tickMs = 60_000;

const reasons: Partial<Record<ApiErrorCode, SkipReason>> = {
  admin_creds_required: "admin_credential_missing",
  retention_empty: "retention_empty",
};

/**
 * Starts upkeep when its time has come, in the zone of the host that does it. What cannot be done then is skipped and
 * says so; it is never queued for a host that is away. Fires that passed while this server was down count as one.
 */
export interface Ticker {
  start(): Cancel;
}

export function createTicker(deps: {
  db: Db;
  tx: Transaction;
  upkeep: Upkeep;
  presence: { isOnline(hostId: string): boolean };
  nextRun: NextRun;
  events: Events;
  clock: Clock;
  log: Log;
}): Ticker {
  const { db, tx, clock, log } = deps;
  const by = systemInitiator("maintenance");
  let isBusy = false;

  function handled(record: store.UpkeepRecord, kind: UpkeepKind) {
    const at = toTimestamp(clock.now());
    return tx.run((trx) =>
      store.saveHandled(trx, record.repositoryId, [kind], at),
    );
  }

  async function skip(
    { repositoryId, skipped }: store.UpkeepRecord,
    kind: UpkeepKind,
    fire: number,
    reason: SkipReason,
  ): Promise<void> {
    const at = toTimestamp(fire);
    const before = skipped[kind];
    if (before?.at === at && before.reason === reason) return;
    await tx.run((trx) =>
      store.saveSkipped(trx, repositoryId, kind, { at, reason }),
    );
    log.info("Upkeep is skipped", {
      repository_id: repositoryId,
      kind,
      reason,
    });
    deps.events.emit({ type: "repository.changed", repositoryId });
  }

  /** Nobody is there to do it. */
  async function withoutRunner(
    record: store.UpkeepRecord,
    kind: UpkeepKind,
    fire: number,
    runners: readonly Runner[],
  ): Promise<void> {
    // This server has just started, and they have not come back yet.
    if (runners.some(({ status }) => status === "online")) return;
    await skip(record, kind, fire, "host_offline");
    // Hosts that are seldom there would never do it: the one that was missed waits for them.
    if (runners.some(({ alwaysOn }) => alwaysOn)) await handled(record, kind);
  }

  async function attempt(
    record: store.UpkeepRecord,
    kind: UpkeepKind,
    fire: number,
    runners: readonly Runner[],
  ): Promise<void> {
    const { repositoryId } = record;
    const last = await store.lastJob(db, repositoryId, kind);
    // The one before still waits or runs, and does what this one would.
    if (last !== null && !isTerminal(last.status)) {
      return handled(record, kind);
    }
    try {
      await deps.upkeep.run(repositoryId, { kind }, by);
      await handled(record, kind);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const reason = reasons[error.code];
      if (reason === undefined) {
        return withoutRunner(record, kind, fire, runners);
      }
      await skip(record, kind, fire, reason);
      await handled(record, kind);
    }
  }

  async function visit(
    record: store.UpkeepRecord,
    kind: UpkeepKind,
  ): Promise<void> {
    const { repositoryId, settings, tz } = record;
    const { cron, enabled } = settings[kind];
    if (!enabled) return;
    const watched = { cron, tz, handled: record.handled[kind] };
    const fire = dueFire(watched, clock.now(), deps.nextRun);
    if (fire === null) return;
    if (fire === "reset") return handled(record, kind);
    const { runner_host_id } = settings;
    const runners = await possibleRunners(db, repositoryId, runner_host_id);
    if (runners.length > 0) return attempt(record, kind, fire, runners);
    await skip(record, kind, fire, "no_host");
    await handled(record, kind);
  }

  async function tick(): Promise<void> {
    if (isBusy) return;
    isBusy = true;
    try {
      for (const record of await store.listUpkeep(db)) {
        for (const kind of upkeepKinds) {
          await visit(record, kind).catch((error: unknown) =>
            log.error("Upkeep could not be started", {
              repository_id: record.repositoryId,
              kind,
              error,
            }),
          );
        }
      }
    } finally {
      isBusy = false;
    }
  }

  return {
    start: () =>
      every(clock, tickMs, () => {
        tick().catch((error: unknown) =>
          log.error("Looking for upkeep that is due failed", { error }),
        );
      }),
  };
}
