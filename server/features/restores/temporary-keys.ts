import { z } from "zod";
import { every, toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { repoKeyResult } from "@restic-manager/shared/protocol/command.ts";
import type { RepoKeySecret } from "@restic-manager/shared/protocol/command.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import { systemInitiator } from "../../ports/audit.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { AgentCommands } from "../../ports/agent-link.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import type { RepositoryAccess } from "../repos/admin-access.ts";
import type { SealTo } from "./sealed-command.ts";
import * as store from "./temporary-key-store.ts";

/** A host that may delete from a repository anyway, with the access for it. */
export interface Keeper {
  readonly hostId: string;
  readonly x25519: Uint8Array;
  readonly access: RepositoryAccess;
}

/** Who can add a key and take it away again at this moment; null for nobody. */
export type FindKeeper = (
  trx: Trx,
  repositoryId: string,
) => Promise<Keeper | null>;

/** restic works on the password for a second or more, over whatever connection there is. */
const answerMs = 60_000;
const tickMs = 60_000;
const longestMs = 7 * 24 * 3_600_000;
const longestPauseMs = 30 * 60_000;

const noKeeper =
  "No host is online that may remove it: the one that does the upkeep of this repository, with its admin credential. After a runner was removed, choose another one, or turn forget or prune on.";

/**
 * Keys for one restore each on a host that does not use the repository. Such a key is noted before it is made and
 * forgotten after it was removed, so whatever happens in between it is found again.
 */
export interface TemporaryKeys {
  /**
   * Adds one. It is removed when the job it is given to has ended, or when it is given to none.
   * @throws AppError when there is none
   */
  add(
    repositoryId: string,
    keeper: Keeper,
    by: Initiator,
  ): Promise<{ id: string; password: string }>;
  /** From now on the key lasts as long as this job. */
  give(trx: Trx, keyId: string, jobId: string): Promise<void>;
  /** The restore it was added for will not be. */
  release(keyId: string): void;
  start(): Cancel;
}

export function createTemporaryKeys(deps: {
  db: Db;
  tx: Transaction;
  findKeeper: FindKeeper;
  commands: AgentCommands;
  seal: SealTo;
  audit: Audit;
  events: Events;
  random: Random;
  clock: Clock;
  log: Log;
}): TemporaryKeys {
  const { db, tx, audit, events, clock } = deps;
  /** Keys that are being added, or have not been given to their job yet. */
  const inHand = new Set<string>();
  /** When a key that could not be removed is looked at again. */
  const pauses = new Map<string, { ms: number; until: number }>();
  let turn: Promise<void> | null = null;
  let isAskedAgain = false;

  function tell<T>(
    keeper: Keeper,
    secret: RepoKeySecret,
    result: z.ZodType<T>,
  ) {
    const host = { id: keeper.hostId, x25519: keeper.x25519 };
    return deps.commands.send(
      host.id,
      "repo.key",
      (commandId) => ({ box: deps.seal(host, "repo-key", commandId, secret) }),
      result,
      answerMs,
    );
  }

  async function remove(key: store.TemporaryKey): Promise<void> {
    const keeper = await tx.run((trx) =>
      deps.findKeeper(trx, key.repository_id),
    );
    if (keeper === null)
      throw new AppError("host_offline", { message: noKeeper });
    const answer = await tell(
      keeper,
      {
        do: "remove",
        ...keeper.access,
        key_id: key.restic_key_id,
        label: store.labelOf(key.id),
      },
      z.unknown(),
    );
    if (!answer.ok)
      throw new AppError("agent_refused", { message: answer.message });
    await tx.run(async (trx) => {
      await store.deleteKey(trx, key.id);
      await audit.record(trx, systemInitiator("temporary keys"), {
        action: "repository.key_remove",
        target: { kind: "repository", id: key.repository_id },
        payload: {
          key_id: key.restic_key_id,
          job_id: key.job_id,
          host_id: keeper.hostId,
        },
      });
    });
  }

  async function tryToRemove(key: store.TemporaryKey): Promise<void> {
    try {
      await remove(key);
      pauses.delete(key.id);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const before = pauses.get(key.id)?.ms ?? tickMs / 2;
      const ms = Math.min(before * 2, longestPauseMs);
      pauses.set(key.id, { ms, until: clock.now() + ms });
      const { message } = error;
      deps.log.warn("A temporary key is still in its repository", {
        repository_id: key.repository_id,
        reason: message,
      });
      await tx.run((trx) =>
        store.updateKey(trx, key.id, { last_error: message }),
      );
    }
    events.emit({
      type: "repository.changed",
      repositoryId: key.repository_id,
    });
  }

  async function removeSpent(): Promise<void> {
    const now = clock.now();
    const spent = await store.spentKeys(db, {
      now: toTimestamp(now),
      addedBy: toTimestamp(now - 2 * answerMs),
      without: [...inHand],
    });
    for (const key of spent) {
      if ((pauses.get(key.id)?.until ?? 0) <= now) await tryToRemove(key);
    }
  }

  /** One after another: what is asked for meanwhile is looked at afterwards. */
  function sweep(): void {
    isAskedAgain = turn !== null;
    turn ??= removeSpent()
      .catch((error: unknown) =>
        deps.log.error("Temporary keys could not be removed", { error }),
      )
      .finally(() => {
        turn = null;
        if (isAskedAgain) sweep();
      });
  }

  function note(
    keyId: string,
    repositoryId: string,
    keeper: Keeper,
    by: Initiator,
  ): Promise<void> {
    const now = clock.now();
    return tx.run(async (trx) => {
      await store.insertKey(trx, {
        id: keyId,
        repository_id: repositoryId,
        job_id: null,
        keeper_host_id: keeper.hostId,
        restic_key_id: null,
        made_at: toTimestamp(now),
        remove_after: toTimestamp(now + longestMs),
        last_error: null,
      });
      await audit.record(trx, by, {
        action: "repository.key_add",
        target: { kind: "repository", id: repositoryId },
        payload: { host_id: keeper.hostId, label: store.labelOf(keyId) },
      });
    });
  }

  function release(keyId: string): void {
    inHand.delete(keyId);
    sweep();
  }

  return {
    async add(repositoryId, keeper, by) {
      const id = deps.random.id();
      const password = deps.random.token();
      inHand.add(id);
      try {
        await note(id, repositoryId, keeper, by);
        const answer = await tell(
          keeper,
          {
            do: "add",
            ...keeper.access,
            new_password: password,
            label: store.labelOf(id),
          },
          repoKeyResult,
        );
        if (!answer.ok)
          throw new AppError("restore_refused", {
            message: `The host got no access to the repository: ${answer.message}`,
            agentCode: answer.code,
          });
        const { key_id } = answer.result;
        await tx.run((trx) =>
          store.updateKey(trx, id, { restic_key_id: key_id }),
        );
      } catch (error) {
        release(id);
        throw error;
      }
      return { id, password };
    },

    async give(trx, keyId, jobId) {
      await store.updateKey(trx, keyId, { job_id: jobId });
    },

    release,

    start() {
      const stops = [
        every(clock, tickMs, sweep),
        events.on((event) => {
          if (event.type === "job.changed") sweep();
        }),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
