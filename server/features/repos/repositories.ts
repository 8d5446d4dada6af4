import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type {
  Repository,
  RepositoryPatch,
} from "@restic-manager/shared/api/repos.ts";
import type { JobKind } from "@restic-manager/shared/domain/job.ts";
import type { FailureCode } from "@restic-manager/shared/domain/failure.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { ConfigRevision } from "../schedules/config-revision.ts";
import type { CredentialReader } from "./access.ts";
import { describeAdminAccess, isOwnAccess } from "./admin-access.ts";
import {
  changeCredential,
  describeCredential,
  sameCredential,
} from "./credentials.ts";
import type { CredentialBox } from "./credentials.ts";
import type { FirstUseProblems } from "./first-use-problems.ts";
import type { RetentionStates } from "./retention.ts";
import { findStats } from "./stats-store.ts";
import { viewStats } from "./stats.ts";
import * as store from "./store.ts";

export interface Repositories {
  get(id: string): Promise<Repository>;
  /** The same for the live stream, with the hosts that use it; null when it is gone. */
  view(
    id: string,
  ): Promise<{ repository: Repository; host_ids: string[] } | null>;
  hostsOf(id: string): Promise<string[]>;
  /** As this host finds them. */
  listOf(hostId: string): Promise<Repository[]>;
  change(
    id: string,
    patch: RepositoryPatch,
    by: Initiator,
  ): Promise<Repository>;
  /** Repositories of a host with what opens them, for its sealed configuration only. */
  bundle(trx: Trx, hostId: string): Promise<ConfigBundle["repositories"]>;
  /**
   * Notes how a job found the repository; `failure` null when it could be used.
   * @returns whether its status changed.
   */
  used(trx: Trx, id: string, use: RepositoryUse): Promise<boolean>;
}

export interface RepositoryUse {
  readonly kind: JobKind;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly at: string;
}

/** They use the admin credential, perhaps at another address, which says nothing about what the hosts use. */
const asAdmin: ReadonlySet<JobKind> = new Set(["forget", "prune"]);

/** Failures that say the repository itself cannot be used from the host. */
const unusable: ReadonlySet<string> = new Set<FailureCode>([
  "repository_missing",
  "repository_unreachable",
  "repository_denied",
  "repository_failed",
  "wrong_password",
]);

export function createRepositories(deps: {
  db: Db;
  tx: Transaction;
  credentials: CredentialBox;
  access: Pick<CredentialReader, "own">;
  retention: RetentionStates;
  problems: Pick<FirstUseProblems, "of">;
  audit: Audit;
  config: ConfigRevision;
  events: Events;
  clock: Clock;
}): Repositories {
  const { db, tx, credentials, audit, config, events, clock } = deps;

  async function adminOf(db: Db | Trx, id: string) {
    const row = await store.adminCredentialOf(db, id);
    if (row === null) return null;
    const access = credentials.openAdmin(id, row.sealed);
    return { access, updatedAt: row.updated_at };
  }

  /** Not even the access that was said to be able to delete is, and it is the one the hosts have. */
  async function proveAppendOnly(trx: Trx, id: string): Promise<void> {
    const admin = await adminOf(trx, id);
    if (admin !== null && isOwnAccess(admin.access))
      await store.setAppendOnly(trx, id);
  }

  async function shape(record: store.RepositoryRecord): Promise<Repository> {
    const shared = (await store.credentialsOf(db, record.id))[0];
    const admin = await adminOf(db, record.id);
    const [retention] = await deps.retention.of(db, [record.id], clock.now());
    const isSplit = admin !== null && !isOwnAccess(admin.access);
    return {
      id: record.id,
      name: record.name,
      url: record.url,
      host_ids: await store.hostsOf(db, record.id),
      status: record.status,
      status_code: record.status_code,
      status_message: record.status_message,
      repository_id: record.restic_id,
      snapshot_count: record.snapshot_count,
      snapshots_refreshed_at: record.snapshots_refreshed_at,
      credential: describeCredential(
        shared === undefined
          ? null
          : credentials.open(keyOf(shared), shared.sealed),
      ),
      admin: describeAdminAccess(admin),
      append_only:
        record.append_only === "no" && isSplit ? "claimed" : record.append_only,
      stats: viewStats(await findStats(db, record.id)),
      retention: {
        state: retention?.state ?? "off",
        reason: retention?.reason ?? null,
      },
    };
  }

  async function get(id: string): Promise<Repository> {
    const record = await store.findRepository(db, id);
    if (record === null) throw new AppError("repository_not_found");
    return shape(record);
  }

  /** Names of what changed; their values stay here. */
  async function apply(
    trx: Trx,
    record: store.RepositoryRecord,
    patch: RepositoryPatch,
  ): Promise<string[]> {
    const at = toTimestamp(clock.now());
    const changed: string[] = [];
    if (patch.name !== undefined && patch.name !== record.name) {
      await store.renameRepository(trx, record.id, patch.name, at);
      changed.push("name");
    }
    for (const row of await store.credentialsOf(trx, record.id)) {
      const key = keyOf(row);
      const before = credentials.open(key, row.sealed);
      const after = changeCredential(before, patch);
      if (sameCredential(before, after)) continue;
      const sealed = credentials.seal(key, after);
      await store.updateCredential(trx, row.id, sealed, at);
      if (!changed.includes("credential")) changed.push("credential");
    }
    return changed;
  }

  return {
    get,
    async view(id) {
      const record = await store.findRepository(db, id);
      if (record === null) return null;
      return {
        repository: await shape(record),
        host_ids: await store.hostsOf(db, id),
      };
    },
    hostsOf: (id) => store.hostsOf(db, id),

    async listOf(hostId) {
      if ((await store.findHost(db, hostId)) === null) {
        throw new AppError("host_not_found");
      }
      const records = await store.listRepositories(db, hostId);
      return Promise.all(
        records.map(async (record) => ({
          ...(await shape(record)),
          ...deps.problems.of(hostId, record.id),
        })),
      );
    },

    async change(id, patch, by) {
      const hosts = await tx.run(async (trx) => {
        const record = await store.findRepository(trx, id);
        if (record === null) throw new AppError("repository_not_found");
        const changed = await apply(trx, record, patch);
        if (changed.length === 0) return [];
        const hostIds = await store.hostsOf(trx, id);
        await config.raise(trx, hostIds);
        await audit.record(trx, by, {
          action: "repository.update",
          target: { kind: "repository", id },
          payload: { changed },
        });
        return hostIds;
      });
      if (hosts.length > 0) {
        config.announce(hosts);
        events.emit({ type: "repository.changed", repositoryId: id });
      }
      return get(id);
    },

    async bundle(trx, hostId) {
      const records = await store.listRepositories(trx, hostId);
      const result: ConfigBundle["repositories"] = [];
      for (const { id, name } of records) {
        const opened = await deps.access.own(trx, id, hostId);
        if (opened !== null) result.push({ id, name, ...opened });
      }
      return result;
    },

    async used(trx, id, { kind, failure, at: reportedAt }) {
      if (asAdmin.has(kind)) {
        if (failure?.code === "delete_refused") await proveAppendOnly(trx, id);
        return false;
      }
      // Its host may be one that does not use the repository, and cannot reach it.
      if (kind === "restore") return false;
      const now = toTimestamp(clock.now());
      // The endpoint's clock may be ahead: its news must not hold back those to come.
      const at = reportedAt < now ? reportedAt : now;
      if (failure === null) {
        return store.saveStatus(trx, id, {
          status: "ready",
          status_code: null,
          status_message: null,
          at,
        });
      }
      if (!unusable.has(failure.code)) return false;
      return store.saveStatus(trx, id, {
        status: "unreachable",
        status_code: failure.code,
        status_message: failure.message,
        at,
      });
    },
  };
}

function keyOf(row: store.CredentialRecord) {
  return { repositoryId: row.repository_id, hostId: row.host_id };
}
