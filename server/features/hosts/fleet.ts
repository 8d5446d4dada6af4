import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import {
  dayResults,
  hostHealth,
  identityConflict,
} from "@restic-manager/shared/api/hosts.ts";
import type {
  FleetSummary,
  HostDetail,
  HostHealth,
  HostKey,
  HostList,
  HostRow,
  JobBrief,
} from "@restic-manager/shared/api/hosts.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import { resticInfo } from "@restic-manager/shared/protocol/hello.ts";
import { z } from "zod";
import { AppError } from "../../app-error.ts";
import type { Db } from "../../ports/db.ts";
import type { NextRun } from "../schedules/next-run.ts";
import * as store from "./fleet-store.ts";
import type { BriefRecord, FleetHost } from "./fleet-store.ts";
import { replacedKeys } from "./former-key-store.ts";
import { healthOf } from "./health.ts";
import { settingsOf } from "./store.ts";

/** What the dashboard shows of hosts. */
export interface Fleet {
  page(query: {
    cursor?: string | undefined;
    limit: number;
  }): Promise<HostList>;
  /** Rows of those hosts that exist, in any order. */
  rows(ids: readonly string[]): Promise<HostRow[]>;
  /** Which configuration hosts should run by, and which they do. */
  revisions(
    ids: readonly string[],
  ): Promise<{ id: string; cfg_rev: number; applied_cfg_rev: number }[]>;
  /** @throws AppError `host_not_found` */
  detail(id: string): Promise<HostDetail>;
  summary(): Promise<FleetSummary>;
}

const dayMs = 24 * 60 * 60 * 1000;
const shownDays = 30;
const shownKeys = 20;

export function createFleet(deps: {
  db: Db;
  clock: Clock;
  nextRun: NextRun;
}): Fleet {
  const { db, clock } = deps;

  /** The last 30 days as dates in UTC, today last. */
  function days(): string[] {
    return Array.from({ length: shownDays }, (_, i) =>
      toTimestamp(clock.now() - (shownDays - 1 - i) * dayMs).slice(0, 10),
    );
  }

  /** When each host backs up next. While an agent is out of reach it fires more often than it could tell beforehand. */
  async function nextRunsOf(
    ids: readonly string[],
  ): Promise<Map<string, string>> {
    const now = clock.now();
    const soonest = new Map<string, string>();
    for (const fire of await store.nextFires(db, ids, toTimestamp(now))) {
      const computed = fire.at ? null : deps.nextRun(fire.cron, now, fire.tz);
      const at = computed === null ? fire.at : toTimestamp(computed);
      const before = soonest.get(fire.host_id);
      if (at !== null && (before === undefined || at < before))
        soonest.set(fire.host_id, at);
    }
    return soonest;
  }

  async function toRows(hosts: readonly FleetHost[]): Promise<HostRow[]> {
    if (hosts.length === 0) return [];
    const ids = hosts.map((host) => host.id);
    const dates = days();
    const since = `${dates[0]}T00:00:00.000Z`;
    const last = byHost(await store.lastBackups(db, ids));
    const open = byHost(await store.openJobs(db, ids));
    const next = await nextRunsOf(ids);
    const snapshots = byHost(await store.snapshotCounts(db, ids));
    const results = byHost(await store.dayResults(db, ids, since));

    return hosts.map((host) => {
      const lastBackup = last.get(host.id)?.[0] ?? null;
      const running = open.get(host.id)?.[0] ?? null;
      const worst = new Map(
        results.get(host.id)?.map((result) => [result.day, result.worst]),
      );
      return {
        id: host.id,
        name: host.name,
        os: host.os,
        arch: host.arch,
        online: host.status === "online",
        health: healthOf({
          online: host.status === "online",
          alwaysOn: host.always_on === 1,
          lastBackup: lastBackup?.status ?? null,
          busy: running !== null,
        }),
        last_seen_at: host.last_seen_at,
        approved_at: host.approved_at,
        agent_version: host.agent_version,
        set_up: host.set_up === 1,
        tags: [...settingsOf(host).tags],
        always_on: host.always_on === 1,
        last_backup: lastBackup && toBrief(lastBackup),
        last_success_at: lastBackup?.last_success_at ?? null,
        running_job: running && toBrief(running),
        next_run_at: next.get(host.id) ?? null,
        snapshot_count: snapshots.get(host.id)?.[0]?.count ?? 0,
        identity_conflict: parseJson(
          host.identity_conflict ?? "null",
          identityConflict,
        ),
        days: dates.map((date) => dayResults[worst.get(date) ?? 0] ?? "none"),
      };
    });
  }

  async function keysOf(host: FleetHost): Promise<HostKey[]> {
    const former = await replacedKeys(db, host.id, shownKeys - 1);
    const since = former[0]?.until ?? host.approved_at;
    return [
      { fingerprint: host.fingerprint, since, until: null },
      ...former.map((key) => ({
        fingerprint: key.fingerprint,
        since: key.since,
        until: key.until,
      })),
    ];
  }

  return {
    async page({ cursor, limit }) {
      const hosts = await store.hostsByName(db, { cursor, limit: limit + 1 });
      const shown = hosts.slice(0, limit);
      const next = hosts.length > limit ? shown.at(-1)?.name : undefined;
      return { hosts: await toRows(shown), next_cursor: next ?? null };
    },

    async rows(ids) {
      return ids.length === 0 ? [] : toRows(await store.hostsById(db, ids));
    },

    revisions: (ids) => store.revisions(db, ids),

    async detail(id) {
      const [host] = await store.hostsById(db, [id]);
      if (host === undefined) throw new AppError("host_not_found");
      const [row] = await toRows([host]);
      if (row === undefined) throw new AppError("host_not_found");
      return {
        ...row,
        fingerprint: host.fingerprint,
        keys: await keysOf(host),
        hostname: host.hostname,
        os_version: host.os_version,
        tz: host.tz,
        boot_time: host.boot_time,
        agent_commit: host.agent_commit,
        restic: parseJson(host.restic ?? "null", resticInfo),
        approved_by: host.approver ?? "",
        announced_from_ip: host.announced_from_ip,
        cfg_rev: host.cfg_rev,
        applied_cfg_rev: host.applied_cfg_rev,
        bandwidth: settingsOf(host).bandwidth,
        clock_skew_ms: host.clock_skew_ms,
        index_enabled: host.index_enabled === 1,
      };
    },

    async summary() {
      const since = toTimestamp(clock.now() - dayMs);
      const facts = await store.healthFacts(db);
      const hosts = Object.fromEntries(
        hostHealth.map((health) => [health, 0]),
      ) as Record<HostHealth, number>;
      for (const { status, always_on, last, busy } of facts) {
        const health = healthOf({
          online: status === "online",
          alwaysOn: always_on === 1,
          lastBackup: last,
          busy: busy === 1,
        });
        hosts[health] += 1;
      }
      const hours = Array.from({ length: 24 }, noJobs);
      const total = noJobs();
      for (const { hour, severity, count } of await store.backupsByHour(
        db,
        since,
      )) {
        const result = (["ok", "issues", "failed"] as const)[severity - 1];
        const of = hours[Math.min(hour, 23)];
        if (result === undefined || of === undefined) continue;
        of[result] += count;
        total[result] += count;
      }
      return {
        hosts,
        total: facts.length,
        online: facts.filter((fact) => fact.status === "online").length,
        jobs_24h: total,
        jobs_by_hour: hours,
        backed_up_24h: await store.countBackedUp(db, since),
        snapshots: await store.countOwnSnapshots(db),
      };
    },
  };
}

function noJobs() {
  return { ok: 0, issues: 0, failed: 0 };
}

function byHost<T extends { readonly host_id: string | null }>(
  records: readonly T[],
): Map<string | null, T[]> {
  return Map.groupBy(records, (record) => record.host_id);
}

const addedBytes = z.object({ data_added: z.number().optional() });

function toBrief(job: BriefRecord): JobBrief {
  return {
    id: job.id,
    kind: job.kind,
    state: job.status,
    started_at: job.started_at,
    finished_at: job.finished_at,
    error:
      job.error_code === null
        ? null
        : { code: job.error_code, message: job.error ?? job.error_code },
    bytes_added: parseJson(job.stats ?? "null", addedBytes)?.data_added ?? null,
  };
}
