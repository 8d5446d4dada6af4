import { every, toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { RepoTestResult } from "@restic-manager/shared/protocol/command.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import { systemInitiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { ConfigRevision } from "../schedules/config-revision.ts";
import type { FirstUseProblems } from "./first-use-problems.ts";
import type { Joining } from "./joining.ts";
import type { Repositories } from "./repositories.ts";
import type { RepositoryTest } from "./repository-test.ts";
import { listSources } from "./source-store.ts";
import {
  endFirstUse,
  hostsBeforeFirstUse,
  isOpenedByOthers,
  listFirstUses,
} from "./first-use-store.ts";
import type { FirstUseRecord } from "./first-use-store.ts";
import { findRepository, saveFound, saveStatus } from "./store.ts";

const retryMs = 5 * 60_000;

/**
 * Lets a host that joined by a token open its repository, or create it, once it is there: what a person waits for in
 * the dialog otherwise. What is wrong stands at the repository, or, when other hosts have opened that, at the host's own view
 * of it; it is tried again when the host comes back, its repository is changed, and every five minutes.
 */
export interface FirstUse {
  start(): Cancel;
}

export function createFirstUse(deps: {
  db: Db;
  tx: Transaction;
  repositories: Pick<Repositories, "bundle">;
  joining: Pick<Joining, "part">;
  problems: Pick<FirstUseProblems, "set">;
  config: Pick<ConfigRevision, "announce">;
  repositoryTest: RepositoryTest;
  presence: { isOnline(hostId: string): boolean };
  events: Events;
  clock: Clock;
  log: Log;
}): FirstUse {
  const { db, tx, repositoryTest, joining, problems, events, log } = deps;
  const by = systemInitiator("first use");
  /** Hosts that are being asked, and whether something has changed since. */
  const busy = new Map<string, boolean>();

  async function open(
    hostId: string,
    { id, first_use: mode }: FirstUseRecord,
  ): Promise<RepoTestResult> {
    const host = await repositoryTest.onlineHost(hostId);
    const [repositories, sources] = await tx.run(async (trx) => [
      await deps.repositories.bundle(trx, hostId),
      await listSources(trx, hostId),
    ]);
    const repository = repositories.find((r) => r.id === id);
    if (repository === undefined) throw new AppError("repository_not_found");
    const includes = sources.flatMap(
      (source): string[] => JSON.parse(source.includes) as string[],
    );
    const { url, credential } = repository;
    const secret = { url, credential, includes };
    try {
      return await repositoryTest.run(host, { ...secret, mode }, by);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // Made by another host of this repository, or by an attempt whose answer was lost.
      const isThere = error.agentCode === "repository_exists";
      if (mode !== "create" || !isThere) throw error;
      return repositoryTest.run(host, { ...secret, mode: "existing" }, by);
    }
  }

  /** @returns the repository of the host from now on */
  async function noteOpened(
    hostId: string,
    id: string,
    resticId: string,
  ): Promise<string> {
    const at = toTimestamp(deps.clock.now());
    return tx.run(async (trx) => {
      const known = (await findRepository(trx, id))?.restic_id ?? null;
      const isAnother = known !== null && known !== resticId;
      // One address can lead to two places, `rest:http://localhost:8000/x` for example.
      if (isAnother && (await isOpenedByOthers(trx, hostId, id)))
        return (await joining.part(trx, hostId, id, resticId, by)) ?? id;
      await saveFound(trx, id, resticId, at);
      await endFirstUse(trx, hostId, id);
      return id;
    });
  }

  async function noteProblem(
    hostId: string,
    { id, first_use: mode }: FirstUseRecord,
    status_code: string,
    status_message: string,
  ): Promise<void> {
    const at = toTimestamp(deps.clock.now());
    const why = { status_code, status_message };
    await tx.run(async (trx) => {
      const isOthers = await isOpenedByOthers(trx, hostId, id);
      const problem = { status: "unreachable", ...why } as const;
      problems.set(hostId, id, isOthers ? problem : null);
      if (isOthers) return;
      const status = mode === "create" ? "init_failed" : "unreachable";
      await saveStatus(trx, id, { status, ...why, at });
    });
  }

  async function attempt(
    hostId: string,
    record: FirstUseRecord,
  ): Promise<void> {
    try {
      const { repository_id: resticId } = await open(hostId, record);
      const id = await noteOpened(hostId, record.id, resticId);
      problems.set(hostId, record.id, null);
      log.info("A new host opened its repository", {
        host_id: hostId,
        repository_id: id,
      });
      if (id !== record.id) {
        deps.config.announce([hostId]);
        events.emit({ type: "repository.changed", repositoryId: id });
      }
      events.emit({ type: "repository.changed", repositoryId: record.id });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log.warn("A new host cannot use its repository", {
        host_id: hostId,
        repository_id: record.id,
        code: error.agentCode ?? error.code,
        reason: error.message,
      });
      const { agentCode, message } = error;
      // Of the host being away, or of a server in between, the page says enough already.
      if (agentCode === undefined) return;
      await noteProblem(hostId, record, agentCode, message);
      events.emit({ type: "repository.changed", repositoryId: record.id });
    }
    events.emit({ type: "host.changed", hostId });
  }

  async function visit(hostId: string): Promise<void> {
    if (!deps.presence.isOnline(hostId)) return;
    if (busy.has(hostId)) return void busy.set(hostId, true);
    try {
      do {
        busy.set(hostId, false);
        for (const record of await listFirstUses(db, hostId)) {
          await attempt(hostId, record);
        }
      } while (busy.get(hostId) === true);
    } finally {
      busy.delete(hostId);
    }
  }

  function see(work: Promise<void>): void {
    work.catch((error: unknown) =>
      log.error("The first use of a repository failed", { error }),
    );
  }

  async function visitAll(): Promise<void> {
    const hostIds = await hostsBeforeFirstUse(db);
    await Promise.all(hostIds.map(visit));
  }

  return {
    start() {
      const stops = [
        events.on((event) => {
          if (event.type === "host.configured") see(visit(event.hostId));
        }),
        every(deps.clock, retryMs, () => see(visitAll())),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
