import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type {
  Schedule,
  SchedulePatch,
} from "@restic-manager/shared/api/schedules.ts";
import { defaultDailyCron } from "@restic-manager/shared/domain/schedule.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import { AppError } from "../../app-error.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import type { ConfigRevision } from "./config-revision.ts";
import { nextRun } from "./next-run.ts";
import * as store from "./store.ts";

export interface Schedules {
  listOf(hostId: string): Promise<Schedule[]>;
  change(id: string, patch: SchedulePatch, by: Initiator): Promise<Schedule>;
  /** The schedule every host starts with: once a night, at a minute of its own. @returns its id. */
  createDaily(trx: Trx, hostId: string, groupId: string): Promise<string>;
  bundle(trx: Trx, hostId: string): Promise<ConfigBundle["schedules"]>;
}

export function createSchedules(deps: {
  db: Db;
  tx: Transaction;
  audit: Audit;
  config: ConfigRevision;
  random: Random;
  clock: Clock;
}): Schedules {
  const { db, tx, audit, config, random, clock } = deps;

  function view(record: store.ScheduleRecord): Schedule {
    const now = toTimestamp(clock.now());
    const fires: string[] = JSON.parse(record.next_fires);
    return {
      id: record.id,
      cron: record.cron,
      enabled: record.enabled === 1,
      group_ids: [...record.groupIds],
      tz: record.tz,
      next: fires.filter((fire) => fire > now),
      applied: record.applied,
    };
  }

  async function change(
    trx: Trx,
    id: string,
    patch: SchedulePatch,
    by: Initiator,
  ): Promise<{ record: store.ScheduleRecord; changed: boolean }> {
    const before = await find(trx, id);
    const cron = patch.cron ?? before.cron;
    const enabled = patch.enabled ?? before.enabled === 1;
    if (nextRun(cron, clock.now(), "UTC") === null) throw neverFires(cron);
    if (cron === before.cron && enabled === (before.enabled === 1)) {
      return { record: before, changed: false };
    }
    const at = toTimestamp(clock.now());
    await store.updateSchedule(trx, id, { cron, enabled, at });
    await config.raise(trx, [before.host_id]);
    await audit.record(trx, by, {
      action: "schedule.update",
      target: { kind: "schedule", id },
      payload: { host_id: before.host_id, cron, enabled },
    });
    return { record: await find(trx, id), changed: true };
  }

  return {
    async listOf(hostId) {
      if (!(await store.hostExists(db, hostId))) {
        throw new AppError("host_not_found");
      }
      return (await store.listSchedules(db, hostId)).map(view);
    },

    async change(id, patch, by) {
      const { record, changed } = await tx.run((trx) =>
        change(trx, id, patch, by),
      );
      if (changed) config.announce([record.host_id]);
      return view(record);
    },

    async createDaily(trx, hostId, groupId) {
      const id = random.id();
      const cron = defaultDailyCron(random.fraction());
      const at = toTimestamp(clock.now());
      const groupIds = [groupId];
      await store.insertSchedule(trx, { id, hostId, cron, groupIds, at });
      return id;
    },

    async bundle(trx, hostId) {
      const records = await store.listSchedules(trx, hostId);
      return records.map((record) => ({
        id: record.id,
        cron: record.cron,
        enabled: record.enabled === 1,
        group_ids: [...record.groupIds],
      }));
    },
  };
}

async function find(trx: Trx, id: string): Promise<store.ScheduleRecord> {
  const record = await store.findSchedule(trx, id);
  if (record === null) throw new AppError("schedule_not_found");
  return record;
}

function neverFires(cron: string): AppError {
  return new AppError("cron_invalid", {
    message: `"${cron}" never fires; use five cron fields, for example 30 2 * * *.`,
    fields: {
      cron: { code: "invalid", message: "Name a time that exists." },
    },
  });
}
