import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Maintenance } from "@restic-manager/shared/api/maintenance.ts";
import { upkeepKinds } from "@restic-manager/shared/domain/maintenance.ts";
import type {
  MaintenanceSettings,
  UpkeepKind,
} from "@restic-manager/shared/domain/maintenance.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { NextRun } from "../schedules/next-run.ts";
import { nextFire } from "./due.ts";
import { allRunners, possibleRunners } from "./runner-store.ts";
import * as store from "./store.ts";

/** When and by whom upkeep is done, and what became of it. */
export interface Settings {
  get(repositoryId: string): Promise<Maintenance>;
  put(
    repositoryId: string,
    settings: MaintenanceSettings,
    by: Initiator,
  ): Promise<Maintenance>;
}

export function createSettings(deps: {
  db: Db;
  tx: Transaction;
  presence: { isOnline(hostId: string): boolean };
  nextRun: NextRun;
  audit: Audit;
  events: Events;
  clock: Clock;
}): Settings {
  const { db, tx, nextRun, audit, clock } = deps;

  async function viewKind(
    { repositoryId, settings, skipped, tz }: store.UpkeepRecord,
    kind: UpkeepKind,
  ): Promise<Maintenance["upkeep"][number]> {
    const { cron, enabled } = settings[kind];
    const next = enabled ? nextFire(nextRun, cron, clock.now(), tz) : null;
    const last = await store.lastJob(db, repositoryId, kind);
    const left = skipped[kind];
    return {
      kind,
      next_at: next === null ? null : toTimestamp(next),
      last: last && {
        job_id: last.id,
        state: last.status,
        at: last.finished_at ?? last.started_at ?? last.queued_at,
      },
      skipped:
        left !== undefined && left.at > (last?.queued_at ?? "") ? left : null,
    };
  }

  async function get(repositoryId: string): Promise<Maintenance> {
    const record = await store.findUpkeep(db, repositoryId);
    if (record === null) throw new AppError("repository_not_found");
    const { settings, tz } = record;
    const upkeep: Maintenance["upkeep"] = [];
    for (const kind of upkeepKinds) {
      upkeep.push(await viewKind(record, kind));
    }
    const runners = await allRunners(db, repositoryId);
    return {
      settings,
      tz,
      upkeep,
      runners: runners.map(({ id, name, usesRepository }) => ({
        id,
        name,
        online: deps.presence.isOnline(id),
        uses_repository: usesRepository,
      })),
    };
  }

  async function check(
    trx: Trx,
    repositoryId: string,
    settings: MaintenanceSettings,
  ): Promise<void> {
    const runnerId = settings.runner_host_id;
    const runners = await possibleRunners(trx, repositoryId, runnerId);
    if (runnerId !== null && runners.length === 0) {
      throw wrong("runner_host_id", "There is no such host; choose another.");
    }
    for (const kind of upkeepKinds) {
      const { cron } = settings[kind];
      if (nextFire(nextRun, cron, clock.now(), "UTC") !== null) continue;
      throw wrong(
        `${kind}.cron`,
        `"${cron}" never fires; use five cron fields that name a time that exists, for example 30 2 * * *.`,
      );
    }
  }

  return {
    get,
    async put(id, settings, by) {
      const isChanged = await tx.run(async (trx) => {
        const before = await store.findUpkeep(trx, id);
        if (before === null) throw new AppError("repository_not_found");
        await check(trx, id, settings);
        if (Bun.deepEquals(before.settings, settings)) return false;
        await store.saveSettings(trx, id, settings);
        // New times hold from now on: none of them was missed.
        const isMoved =
          before.settings.runner_host_id !== settings.runner_host_id;
        const begun = upkeepKinds.filter(
          (kind) =>
            isMoved || !Bun.deepEquals(before.settings[kind], settings[kind]),
        );
        const at = toTimestamp(clock.now());
        await store.saveHandled(trx, id, begun, at);
        await audit.record(trx, by, {
          action: "maintenance.update",
          target: { kind: "repository", id },
          payload: describe(settings),
        });
        return true;
      });
      if (isChanged) {
        deps.events.emit({ type: "repository.changed", repositoryId: id });
      }
      return get(id);
    },
  };
}

function describe(settings: MaintenanceSettings) {
  const times = upkeepKinds.map((kind) => {
    const { cron, enabled } = settings[kind];
    return [kind, enabled ? cron : "off"] as const;
  });
  return {
    ...Object.fromEntries(times),
    check_subset_pct: settings.check_subset_pct,
    runner_host_id: settings.runner_host_id,
  };
}

function wrong(field: string, message: string): AppError {
  return new AppError("invalid_request", {
    fields: { [field]: { code: "invalid", message } },
  });
}
