import { maxPerHost } from "@restic-manager/shared/api/repos.ts";
import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type {
  SourceGroupChange,
  SourceGroupSpec,
} from "@restic-manager/shared/domain/source.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import { requireRevision } from "../../revision.ts";
import type { HooksOfGroups } from "../hooks/applied.ts";
import type { ConfigRevision } from "../schedules/config-revision.ts";
import * as sourceStore from "./source-store.ts";
import {
  bundledSource,
  retryOf,
  sourceRevision,
  sourceView,
} from "./source-view.ts";
import { findHost, listRepositories } from "./store.ts";

export interface Sources {
  listOf(hostId: string): Promise<SourceGroup[]>;
  create(
    hostId: string,
    spec: SourceGroupSpec,
    by: Initiator,
  ): Promise<SourceGroup>;
  /**
   * Replaces what a group backs up.
   * @throws AppError `changed_meanwhile` when it is no longer as the caller saw it, nor as the caller wants it.
   */
  change(
    id: string,
    change: SourceGroupChange,
    by: Initiator,
  ): Promise<SourceGroup>;
  /** @throws AppError `source_group_used` while a schedule runs it. Its snapshots stay. */
  remove(id: string, by: Initiator): Promise<void>;
  /** Groups of a host that have a repository, for its configuration. */
  bundle(trx: Trx, hostId: string): Promise<ConfigBundle["groups"]>;
}

export function createSources(deps: {
  db: Db;
  tx: Transaction;
  audit: Audit;
  config: ConfigRevision;
  hooksOfGroups: HooksOfGroups;
  events: Events;
  random: Random;
  clock: Clock;
}): Sources {
  const { db, tx, audit, config, hooksOfGroups, random, clock } = deps;

  async function views(
    hostId: string,
    records: readonly sourceStore.SourceRecord[],
  ): Promise<SourceGroup[]> {
    const hooks = await hooksOfGroups(db, hostId);
    const schedules = await sourceStore.schedulesOfGroups(db, hostId);
    return records.map((record) =>
      sourceView(record, hooks.get(record.id), schedules.get(record.id) ?? []),
    );
  }

  async function view(id: string): Promise<SourceGroup> {
    const record = await sourceStore.findSource(db, id);
    const [one] = record === null ? [] : await views(record.host_id, [record]);
    if (one === undefined) throw new AppError("source_group_not_found");
    return one;
  }

  /** What a spec leaves open is as stored, or as a new group begins. */
  async function whole(
    trx: Trx,
    hostId: string,
    spec: SourceGroupSpec,
    stored: sourceStore.SourceRecord | null,
  ): Promise<sourceStore.WholeSource> {
    const others = await sourceStore.listSources(trx, hostId);
    if (others.some((g) => g.id !== stored?.id && g.name === spec.name)) {
      throw nameTaken(spec.name);
    }
    if (stored === null && others.length >= maxPerHost) {
      throw new AppError("host_full");
    }
    const repository_id = spec.repository_id ?? null;
    const repositories = await listRepositories(trx, hostId);
    if (
      repository_id !== null &&
      !repositories.some(({ id }) => id === repository_id)
    ) {
      throw foreignRepository();
    }
    return {
      ...spec,
      retention: spec.retention ?? JSON.parse(stored?.retention ?? "{}"),
      retry: spec.retry ?? retryOf(stored),
      repository_id,
    };
  }

  /** What every change of groups ends with. */
  async function settle(
    trx: Trx,
    hostId: string,
    by: Initiator,
    action: "create" | "update" | "delete",
    id: string,
    spec: Pick<SourceGroupSpec, "name"> & Partial<sourceStore.WholeSource>,
  ): Promise<void> {
    await config.raise(trx, [hostId]);
    if (action !== "delete") await config.requireFit(trx, hostId);
    const { name, includes, excludes, retention } = spec;
    await audit.record(trx, by, {
      action: `source_group.${action}`,
      target: { kind: "source_group", id },
      payload: {
        host_id: hostId,
        name,
        ...(includes && { includes }),
        ...(excludes && { excludes }),
        ...(retention && { retention: JSON.stringify(retention) }),
      },
    });
  }

  /** After the commit. A repository's page says whether retention is applied, and groups decide that. */
  function announce(hostId: string, repositoryIds: readonly string[]): void {
    config.announce([hostId]);
    for (const repositoryId of new Set(repositoryIds))
      deps.events.emit({ type: "repository.changed", repositoryId });
  }

  return {
    async listOf(hostId) {
      if ((await findHost(db, hostId)) === null) {
        throw new AppError("host_not_found");
      }
      return views(hostId, await sourceStore.listSources(db, hostId));
    },

    async create(hostId, spec, by) {
      const id = random.id();
      const repositories = await tx.run(async (trx) => {
        const host = await findHost(trx, hostId);
        if (host === null) throw new AppError("host_not_found");
        // Its set-up makes the first group, together with the repository for it.
        if (!host.setUp) throw new AppError("host_not_set_up");
        const complete = await whole(trx, hostId, spec, null);
        const at = toTimestamp(clock.now());
        await sourceStore.insertSource(trx, { id, hostId, at, spec: complete });
        await settle(trx, hostId, by, "create", id, complete);
        return repositoryOf(trx, hostId, complete);
      });
      announce(hostId, repositories);
      return view(id);
    },

    async change(id, { revision, ...spec }, by) {
      const { hostId, repositories } = await tx.run(async (trx) => {
        const before = await find(trx, id);
        const { host_id: hostId } = before;
        const complete = await whole(trx, hostId, spec, before);
        const at = toTimestamp(clock.now());
        await sourceStore.updateSource(trx, id, complete, at);
        const stored = sourceRevision(before);
        // A save whose answer was lost may be sent again.
        if (sourceRevision(await find(trx, id)) !== stored)
          requireRevision(revision, stored);
        await settle(trx, hostId, by, "update", id, complete);
        const repositories = [
          ...(await repositoryOf(trx, hostId, before)),
          ...(await repositoryOf(trx, hostId, complete)),
        ];
        return { hostId, repositories };
      });
      announce(hostId, repositories);
      return view(id);
    },

    async remove(id, by) {
      const { hostId, repositories } = await tx.run(async (trx) => {
        const before = await find(trx, id);
        const { host_id: hostId, name } = before;
        const schedules = await sourceStore.schedulesOfGroups(trx, hostId);
        const usedBy = schedules.get(id)?.map(asUser) ?? [];
        if (usedBy.length > 0) {
          throw new AppError("source_group_used", { usedBy });
        }
        await sourceStore.deleteSource(trx, id);
        await settle(trx, hostId, by, "delete", id, { name });
        const repositories = await repositoryOf(trx, hostId, before);
        return { hostId, repositories };
      });
      announce(hostId, repositories);
    },

    async bundle(trx, hostId) {
      const repositories = await listRepositories(trx, hostId);
      const standard = repositories.find((r) => r.is_default === 1)?.id;
      const hooks = await hooksOfGroups(trx, hostId);
      const groups = await sourceStore.listSources(trx, hostId);
      return groups.flatMap((row) => {
        const repository_id = row.repository_id ?? standard;
        return repository_id === undefined
          ? []
          : [{ ...bundledSource(row, hooks.get(row.id)), repository_id }];
      });
    },
  };
}

/** Where the snapshots of a group go; none while its host has no repository. */
async function repositoryOf(
  trx: Trx,
  hostId: string,
  { repository_id }: { readonly repository_id: string | null },
): Promise<string[]> {
  if (repository_id !== null) return [repository_id];
  const [standard] = await listRepositories(trx, hostId);
  return standard === undefined ? [] : [standard.id];
}

async function find(trx: Trx, id: string): Promise<sourceStore.SourceRecord> {
  const record = await sourceStore.findSource(trx, id);
  if (record === null) throw new AppError("source_group_not_found");
  return record;
}

/** A schedule has no name but its times. */
function asUser({ id, cron }: sourceStore.FeedingSchedule) {
  return { id, name: cron };
}

function nameTaken(name: string): AppError {
  return new AppError("invalid_request", {
    fields: {
      name: {
        code: "taken",
        message: `Another source group of this host is called ${name}.`,
      },
    },
  });
}

function foreignRepository(): AppError {
  return new AppError("invalid_request", {
    fields: {
      repository_id: {
        code: "invalid",
        message:
          "This host does not use that repository; choose one of its own.",
      },
    },
  });
}
