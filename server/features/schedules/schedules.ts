import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { maxPerHost } from "@restic-manager/shared/api/repos.ts";
import type {
  Schedule,
  SchedulePatch,
  SchedulePreview,
  ScheduleSpec,
} from "@restic-manager/shared/api/schedules.ts";
import { defaultDailyCron } from "@restic-manager/shared/domain/schedule.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import { AppError } from "../../app-error.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import { requireRevision, revisionOf } from "../../revision.ts";
import type { ConfigRevision } from "./config-revision.ts";
import { missedOf } from "./missed-store.ts";
import { previewRuns } from "./next-run.ts";
import * as store from "./store.ts";
import { requireFires, requireGroups } from "./validate.ts";
import { scheduleView, shownMissedMs, storedOf } from "./view.ts";

export interface Schedules {
  listOf(hostId: string): Promise<Schedule[]>;
  create(hostId: string, spec: ScheduleSpec, by: Initiator): Promise<Schedule>;
  /** @throws AppError `changed_meanwhile` when it is no longer as the caller saw it, nor as the caller wants it. */
  change(id: string, patch: SchedulePatch, by: Initiator): Promise<Schedule>;
  remove(id: string, by: Initiator): Promise<void>;
  /** When a text that is not saved would fire on a host. */
  preview(hostId: string, cron: string): Promise<SchedulePreview>;
  /** The schedule every host starts with: once a night, at a minute of its own. @returns its id. */
  createDaily(trx: Trx, hostId: string, groupId: string): Promise<string>;
  bundle(trx: Trx, hostId: string): Promise<ConfigBundle["schedules"]>;
}

type Stored = ReturnType<typeof storedOf>;

export function createSchedules(deps: {
  db: Db;
  tx: Transaction;
  audit: Audit;
  config: ConfigRevision;
  random: Random;
  clock: Clock;
}): Schedules {
  const { db, tx, audit, config, random, clock } = deps;

  async function views(
    hostId: string,
    records: readonly store.ScheduleRecord[],
  ): Promise<Schedule[]> {
    const now = clock.now();
    const since = toTimestamp(now - shownMissedMs);
    const missed = await missedOf(db, hostId, since);
    return records.map((record) =>
      scheduleView(record, missed.get(record.id) ?? [], now),
    );
  }

  async function view(record: store.ScheduleRecord): Promise<Schedule> {
    const [one] = await views(record.host_id, [record]);
    if (one === undefined) throw new AppError("schedule_not_found");
    return one;
  }

  /** What every change of schedules ends with. */
  async function settle(
    trx: Trx,
    hostId: string,
    by: Initiator,
    action: "create" | "update" | "delete",
    id: string,
    { cron, enabled, group_ids }: Stored,
  ): Promise<void> {
    await config.raise(trx, [hostId]);
    if (action !== "delete") await config.requireFit(trx, hostId);
    await audit.record(trx, by, {
      action: `schedule.${action}`,
      target: { kind: "schedule", id },
      payload: { host_id: hostId, cron, enabled, group_ids },
    });
  }

  async function change(
    trx: Trx,
    id: string,
    patch: SchedulePatch,
    by: Initiator,
  ): Promise<{ record: store.ScheduleRecord; changed: boolean }> {
    const before = await find(trx, id);
    const old = storedOf(before);
    const after: Stored = {
      cron: patch.cron ?? old.cron,
      enabled: patch.enabled ?? old.enabled,
      group_ids: patch.group_ids ?? old.group_ids,
    };
    requireFires(after.cron, clock.now());
    if (patch.group_ids !== undefined) {
      requireGroups(
        patch.group_ids,
        await store.groupIdsOf(trx, before.host_id),
      );
    }
    if (Bun.deepEquals(after, old)) return { record: before, changed: false };
    requireRevision(patch.revision, revisionOf(old));
    await store.updateSchedule(trx, id, {
      cron: after.cron,
      enabled: after.enabled,
      groupIds: after.group_ids,
      at: toTimestamp(clock.now()),
    });
    await settle(trx, before.host_id, by, "update", id, after);
    return { record: await find(trx, id), changed: true };
  }

  return {
    async listOf(hostId) {
      if ((await store.zoneOf(db, hostId)) === null) {
        throw new AppError("host_not_found");
      }
      return views(hostId, await store.listSchedules(db, hostId));
    },

    async create(hostId, spec, by) {
      const record = await tx.run(async (trx) => {
        if ((await store.zoneOf(trx, hostId)) === null) {
          throw new AppError("host_not_found");
        }
        requireFires(spec.cron, clock.now());
        requireGroups(spec.group_ids, await store.groupIdsOf(trx, hostId));
        if ((await store.listSchedules(trx, hostId)).length >= maxPerHost) {
          throw new AppError("host_full");
        }
        const id = random.id();
        await store.insertSchedule(trx, {
          id,
          hostId,
          cron: spec.cron,
          enabled: spec.enabled,
          groupIds: spec.group_ids,
          at: toTimestamp(clock.now()),
        });
        await settle(trx, hostId, by, "create", id, spec);
        return find(trx, id);
      });
      config.announce([hostId]);
      return view(record);
    },

    async change(id, patch, by) {
      const { record, changed } = await tx.run((trx) =>
        change(trx, id, patch, by),
      );
      if (changed) config.announce([record.host_id]);
      return view(record);
    },

    async remove(id, by) {
      const hostId = await tx.run(async (trx) => {
        const record = await find(trx, id);
        await store.deleteSchedule(trx, id);
        await settle(trx, record.host_id, by, "delete", id, storedOf(record));
        return record.host_id;
      });
      config.announce([hostId]);
    },

    async preview(hostId, cron) {
      const tz = await store.zoneOf(db, hostId);
      if (tz === null) throw new AppError("host_not_found");
      const now = clock.now();
      requireFires(cron, now);
      const next = previewRuns(cron, now, tz);
      if (next.length === 0) throw new AppError("zone_unknown");
      return { tz, next };
    },

    async createDaily(trx, hostId, groupId) {
      const id = random.id();
      const cron = defaultDailyCron(random.fraction());
      const at = toTimestamp(clock.now());
      const groupIds = [groupId];
      const enabled = true;
      await store.insertSchedule(trx, {
        id,
        hostId,
        cron,
        enabled,
        groupIds,
        at,
      });
      return id;
    },

    async bundle(trx, hostId) {
      const records = await store.listSchedules(trx, hostId);
      return records.map((record) => ({ id: record.id, ...storedOf(record) }));
    },
  };
}

async function find(trx: Trx, id: string): Promise<store.ScheduleRecord> {
  const record = await store.findSchedule(trx, id);
  if (record === null) throw new AppError("schedule_not_found");
  return record;
}
