import { every, toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { RepoTestResult } from "@restic-manager/shared/protocol/command.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import { systemInitiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Repositories } from "./repositories.ts";
import type { RepositoryTest } from "./repository-test.ts";
import { listSources } from "./source-store.ts";
import {
  endFirstUse,
  hostsBeforeFirstUse,
  listFirstUses,
} from "./first-use-store.ts";
import type { FirstUseRecord } from "./first-use-store.ts";
import { saveFound, saveStatus } from "./store.ts";

const retryMs = 5 * 60_000;

/**
 * Lets a host that joined by a token open its repository, or create it, once it is there: what a person waits for in
 * the dialog otherwise. What is wrong stands at the repository, and it is tried again when the host comes back, its
 * repository is changed, and every five minutes.
 */
export interface FirstUse {
  start(): Cancel;
}

export function createFirstUse(deps: {
  db: Db;
  tx: Transaction;
  repositories: Pick<Repositories, "bundle">;
  repositoryTest: RepositoryTest;
  presence: { isOnline(hostId: string): boolean };
  events: Events;
  clock: Clock;
  log: Log;
}): FirstUse {
  const { db, tx, repositoryTest, events, log } = deps;
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

  async function attempt(
    hostId: string,
    record: FirstUseRecord,
  ): Promise<void> {
    const at = () => toTimestamp(deps.clock.now());
    try {
      const { repository_id } = await open(hostId, record);
      await tx.run(async (trx) => {
        await saveFound(trx, record.id, repository_id, at());
        await endFirstUse(trx, hostId, record.id);
      });
      log.info("A new host opened its repository", {
        host_id: hostId,
        repository_id: record.id,
      });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log.warn("A new host cannot use its repository", {
        host_id: hostId,
        repository_id: record.id,
        code: error.agentCode ?? error.code,
        reason: error.message,
      });
      // Of the host being away, or of a server in between, the page says enough already.
      const { agentCode } = error;
      if (agentCode === undefined) return;
      await tx.run((trx) =>
        saveStatus(trx, record.id, {
          status: record.first_use === "create" ? "init_failed" : "unreachable",
          status_code: agentCode,
          status_message: error.message,
          at: at(),
        }),
      );
    }
    events.emit({ type: "repository.changed", repositoryId: record.id });
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
