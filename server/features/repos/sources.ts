import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import { retention } from "@restic-manager/shared/domain/source.ts";
import type { SourceGroupSpec } from "@restic-manager/shared/domain/source.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import { AppError } from "../../app-error.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { ConfigRevision } from "../schedules/config-revision.ts";
import * as sourceStore from "./source-store.ts";
import { findHost, listRepositories } from "./store.ts";

export interface Sources {
  listOf(hostId: string): Promise<SourceGroup[]>;
  /** Replaces what a group backs up; its retention stays. */
  change(
    id: string,
    spec: SourceGroupSpec,
    by: Initiator,
  ): Promise<SourceGroup>;
  /** Groups of a host that have a repository, for its configuration. */
  bundle(trx: Trx, hostId: string): Promise<ConfigBundle["groups"]>;
}

export function createSources(deps: {
  db: Db;
  tx: Transaction;
  audit: Audit;
  config: ConfigRevision;
  clock: Clock;
}): Sources {
  const { db, tx, audit, config, clock } = deps;

  return {
    async listOf(hostId) {
      if ((await findHost(db, hostId)) === null) {
        throw new AppError("host_not_found");
      }
      return (await sourceStore.listSources(db, hostId)).map(view);
    },

    async change(id, spec, by) {
      const group = await tx.run(async (trx) => {
        const before = await sourceStore.findSource(trx, id);
        if (before === null) throw new AppError("source_group_not_found");
        const { host_id } = before;
        const others = await sourceStore.listSources(trx, host_id);
        if (others.some((g) => g.id !== id && g.name === spec.name)) {
          throw nameTaken(spec.name);
        }
        await sourceStore.updateSource(trx, id, spec, toTimestamp(clock.now()));
        await config.raise(trx, [host_id]);
        await audit.record(trx, by, {
          action: "source_group.update",
          target: { kind: "source_group", id },
          payload: {
            host_id,
            name: spec.name,
            includes: spec.includes,
            excludes: spec.excludes,
          },
        });
        return sourceStore.findSource(trx, id);
      });
      if (group === null) throw new AppError("source_group_not_found");
      config.announce([group.host_id]);
      return view(group);
    },

    async bundle(trx, hostId) {
      const repositories = await listRepositories(trx, hostId);
      const standard = repositories.find((r) => r.is_default === 1)?.id;
      const groups = await sourceStore.listSources(trx, hostId);
      return groups.flatMap((row) => {
        const repository_id = row.repository_id ?? standard;
        return repository_id === undefined
          ? []
          : [{ ...view(row), repository_id }];
      });
    },
  };
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

function view(row: sourceStore.SourceRecord): SourceGroup {
  return {
    id: row.id,
    name: row.name,
    repository_id: row.repository_id,
    includes: JSON.parse(row.includes),
    excludes: JSON.parse(row.excludes),
    options: {
      exclude_caches: row.exclude_caches === 1,
      one_file_system: row.one_file_system === 1,
    },
    retention: retention.parse(JSON.parse(row.retention)),
  };
}
