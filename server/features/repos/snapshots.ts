import { decodeTime } from "ulid";
import { z } from "zod";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type {
  Snapshot,
  SnapshotList,
} from "@restic-manager/shared/api/repos.ts";
import { snapshotRecord } from "@restic-manager/shared/protocol/event.ts";
import type {
  SnapshotPart,
  SnapshotRecord,
} from "@restic-manager/shared/protocol/event.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { AfterCommit, AgentEvent } from "../../ports/agent-link.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";
import * as store from "./snapshot-store.ts";
import { mayReport } from "./stats-store.ts";
import { findHost, findRepository, hostsOf } from "./store.ts";

export interface Snapshots {
  list(
    hostId: string,
    page: { cursor?: string | undefined; limit: number },
  ): Promise<SnapshotList>;
  /** Keeps a part of a list, and replaces the stored list when it was the last one missing. */
  take(
    trx: Trx,
    event: AgentEvent<SnapshotPart>,
  ): Promise<AfterCommit | undefined>;
}

const clockToleranceMs = 60_000;

/** About half a million snapshots. */
const mostParts = 1000;
const listsUnderWay = 4;

export function createSnapshots(deps: {
  db: Db;
  events: Events;
  clock: Clock;
  log: Log;
}): Snapshots {
  const { db, events, clock, log } = deps;

  /** A stored list of a time that has not come was made by a clock that is wrong: it must not outlive the right ones. */
  function isNewer(stored: string | null, rev: string): boolean {
    return (
      stored !== null &&
      stored >= rev &&
      decodeTime(stored) <= clock.now() + clockToleranceMs
    );
  }

  return {
    async list(hostId, { cursor, limit }) {
      if ((await findHost(db, hostId)) === null) {
        throw new AppError("host_not_found");
      }
      const after = cursor === undefined ? null : readCursor(cursor);
      const rows = await store.pageOfSnapshots(db, hostId, after, limit + 1);
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return {
        snapshots: page.map((row) => view(row, hostId)),
        total: await store.countSnapshots(db, hostId),
        refreshed_at: await store.refreshedAt(db, hostId),
        next_cursor:
          rows.length > limit && last !== undefined
            ? `${last.time}_${last.snapshot_id}`
            : null,
      };
    },

    async take(trx, { hostId, payload: part }) {
      const repositoryId = part.repository_id;
      const hosts = await hostsOf(trx, repositoryId);
      if (!(await mayReport(trx, hostId, repositoryId))) {
        log.warn("A host reported snapshots of a repository it does not use", {
          host_id: hostId,
          repository_id: repositoryId,
        });
        return undefined;
      }
      const stored = await findRepository(trx, repositoryId);
      if (isNewer(stored?.snapshots_rev ?? null, part.rev)) return undefined;

      if (part.of > mostParts || part.part >= part.of) {
        log.warn("A host reported a snapshot list that cannot be one", {
          host_id: hostId,
          repository_id: repositoryId,
        });
        return undefined;
      }
      const at = toTimestamp(clock.now());
      await store.stagePart(trx, hostId, part, at);
      await store.dropAbandoned(trx, hostId, repositoryId, listsUnderWay);
      // Counted first: the parts of a long list are megabytes.
      if ((await store.countParts(trx, hostId, part)) < part.of)
        return undefined;
      const { rev } = part;
      const parts = await store.stagedParts(trx, hostId, repositoryId, rev);

      const makers = await store.knownMakers(trx, repositoryId);
      const marks = Map.groupBy(
        await store.snapshotMarks(trx, repositoryId),
        store.nameOf,
      );
      const records = parts.flatMap((text) =>
        z.array(snapshotRecord).parse(JSON.parse(text)),
      );
      await store.replaceSnapshots(trx, {
        repositoryId,
        rev,
        at,
        rows: records.map((record) => {
          const fitting = record.tags.flatMap(
            (tag) => marks.get(store.nameOf({ ...record, tag })) ?? [],
          );
          const hostIds = fitting.map(({ host_id }) => host_id);
          const maker = makerOf(hostIds, makers.get(record.id));
          return toRow(repositoryId, maker, record);
        }),
      });
      await store.dropParts(trx, repositoryId, rev);
      return () => {
        events.emit({ type: "snapshots.changed", repositoryId });
        events.emit({ type: "repository.changed", repositoryId });
        for (const id of hosts)
          events.emit({ type: "host.changed", hostId: id });
      };
    },
  };
}

type Maker = Pick<store.StoredSnapshot, "host_id" | "shared_name">;

/**
 * Whose a snapshot is, by the hosts whose names it bears and by what is known. It stays its maker's after the source
 * group was renamed, whatever another host says; one that several hosts may have made is nobody's, also when only one
 * of them is left, unless a backup of one of them, and of no other, says that it made it. What a host says counts for
 * snapshots that bear its name.
 */
function makerOf(
  fitting: readonly string[],
  known: store.KnownMaker | undefined,
): Maker {
  const { hostId = null, isShared = false, told = [] } = known ?? {};
  const may = new Set(hostId === null ? fitting : [hostId, ...fitting]);
  const sayers = new Set(told).intersection(may);
  const isKept = hostId !== null && !(sayers.has(hostId) && sayers.size > 1);
  const shared_name = isShared || may.size > 1 ? 1 : 0;
  const sure = shared_name === 1 ? sayers : may;
  const [only = null] = sure;
  return {
    host_id: isKept ? hostId : sure.size === 1 ? only : null,
    shared_name,
  };
}

function toRow(
  repositoryId: string,
  maker: Maker,
  record: SnapshotRecord,
): store.StoredSnapshot {
  return {
    repository_id: repositoryId,
    ...maker,
    snapshot_id: record.id,
    short_id: record.id.slice(0, 8),
    time: utc(record.time),
    paths: JSON.stringify(record.paths),
    tags: JSON.stringify(record.tags),
    hostname: record.hostname,
    username: record.username,
    parent: record.parent,
    size_bytes: record.size_bytes,
    file_count: record.file_count,
  };
}

/** restic writes local time with an offset; only UTC sorts. */
function utc(time: string): string {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? time : toTimestamp(ms);
}

function view(row: store.StoredSnapshot, hostId: string): Snapshot {
  return {
    id: row.snapshot_id,
    short_id: row.short_id,
    repository_id: row.repository_id,
    time: row.time,
    hostname: row.hostname,
    username: row.username,
    paths: JSON.parse(row.paths),
    tags: JSON.parse(row.tags),
    parent: row.parent,
    size_bytes: row.size_bytes,
    file_count: row.file_count,
    own: row.host_id === hostId,
  };
}

function readCursor(text: string): store.SnapshotCursor {
  const [time, snapshotId] = text.split("_");
  if (time === undefined || snapshotId === undefined) {
    throw new AppError("invalid_request", {
      fields: {
        cursor: {
          code: "invalid",
          message: "Use next_cursor of the page before.",
        },
      },
    });
  }
  return { time, snapshotId };
}
