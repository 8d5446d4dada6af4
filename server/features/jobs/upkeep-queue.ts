import { every, toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import { exclusiveKinds, isUpkeep } from "@restic-manager/shared/domain/job.ts";
import type {
  JobActor,
  MaintenanceKind,
} from "@restic-manager/shared/domain/job.ts";
import { failure } from "@restic-manager/shared/domain/failure.ts";
import type { Failure } from "@restic-manager/shared/domain/failure.ts";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type {
  JobStart,
  MaintenanceSecret,
} from "@restic-manager/shared/protocol/command.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { ServerIdentity } from "../../identity.ts";
import type { Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { Sending } from "./sending.ts";
import * as store from "./store.ts";
import * as upkeep from "./upkeep-store.ts";

export interface NewUpkeep {
  readonly id: string;
  readonly hostId: string;
  readonly repositoryId: string;
  readonly kind: MaintenanceKind;
  readonly by: { readonly kind: JobActor; readonly id: string | null };
  readonly params: UpkeepParams;
}

/** What upkeep was asked to do. Nothing secret: it stands in the job's row. */
export interface UpkeepParams {
  readonly subset_pct?: number | undefined;
  readonly all?: boolean | undefined;
}

/** What an agent needs for a job at this moment, or why there can be no such job. */
export type Prepare = (
  trx: Trx,
  job: {
    readonly kind: MaintenanceKind;
    readonly hostId: string;
    readonly repositoryId: string;
    readonly params: UpkeepParams;
  },
) => Promise<MaintenanceSecret | Failure>;

/**
 * Upkeep of repositories, which waits in the state `queued` until nothing else is known to use its repository.
 *
 * The rows are the queue, so it survives a restart; the secrets are made when a job is sent. Backups are started by
 * agents, which know of no queue: between them and upkeep restic's own locks decide, and this only keeps them from
 * meeting often.
 */
export interface UpkeepQueue {
  /** Inside the transaction that decided about it. */
  add(trx: Trx, job: NewUpkeep): Promise<void>;
  /**
   * After the commit: sends the new job, or lets it wait for its turn.
   * @throws AppError when its host cannot be reached; then there is no such job.
   */
  submit(jobId: string, repositoryId: string, by: Initiator): Promise<void>;
  unfinished(
    trx: Trx,
    repositoryId: string,
  ): ReturnType<typeof upkeep.unfinishedUpkeep>;
  start(): Cancel;
}

const tickMs = 60_000;
/** Hosts come back from a lost connection, and from a restart of the server, within seconds. */
const awayMs = 5 * 60_000;
/** There may always be some backup; restic waits for the lock of the one it meets. */
const patienceMs = 6 * 3_600_000;

const unprepared = failure(
  "internal",
  "The server could not put together what this job needs, as when the stored access cannot be decrypted. Its log has the details.",
);
const takenOff = failure(
  "repository_missing",
  "The repository was taken off the list before the turn of this job came.",
);

export function createUpkeepQueue(deps: {
  db: Db;
  tx: Transaction;
  sending: Sending;
  identity: Pick<ServerIdentity, "sealFor">;
  presence: { epochOf(hostId: string): string | null };
  prepare: Prepare;
  events: Events;
  clock: Clock;
  log: Log;
}): UpkeepQueue {
  const { db, tx, sending, presence, events, clock } = deps;
  const now = () => toTimestamp(clock.now());
  /** What is being sent of each repository: one after another. */
  const tails = new Map<string, Promise<void>>();
  /** Since when the hosts of waiting jobs are away. */
  const awaySince = new Map<string, number>();

  function inTurn(
    repositoryId: string,
    work: () => Promise<void>,
  ): Promise<void> {
    const before = tails.get(repositoryId) ?? Promise.resolve();
    const run = before.then(work);
    const tail = run
      .catch(() => {})
      .finally(() => {
        if (tails.get(repositoryId) === tail) tails.delete(repositoryId);
      });
    tails.set(repositoryId, tail);
    return run;
  }

  async function mayGo(trx: Trx, job: store.StoredJob): Promise<boolean> {
    if (!exclusiveKinds.includes(job.kind)) return true;
    const before = await upkeep.jobsBefore(trx, job);
    const isTired = clock.now() - Date.parse(job.queued_at) > patienceMs;
    return before.every(({ kind }) => isTired && !isUpkeep(kind));
  }

  /** Notes that the job goes out now, or that it cannot. @returns what is sent; null for nothing. */
  function claim(id: string) {
    return tx.run(async (trx) => {
      const job = await store.findJob(trx, id);
      if (job?.status !== "queued") return null;
      const { kind, repository_id } = job;
      if (!isUpkeep(kind)) return null;
      const host = await upkeep.findRecipient(trx, job.host_id);
      if (host === null) return null;
      if (repository_id === null) {
        await end(trx, id, takenOff);
        return { host, start: null };
      }
      if (!(await mayGo(trx, job))) return null;
      const epoch = presence.epochOf(job.host_id);
      if (epoch === null) throw new AppError("host_offline");
      const secret = await deps.prepare(trx, {
        kind,
        hostId: host.id,
        repositoryId: repository_id,
        params: JSON.parse(job.params ?? "{}") as UpkeepParams,
      });
      if ("code" in secret) {
        await end(trx, id, secret);
        return { host, start: null };
      }
      await store.updateJob(trx, id, { status: "sent", sent_at: now() });
      const plaintext = new TextEncoder().encode(JSON.stringify(secret));
      const start = (commandId: string): JobStart => ({
        job_id: id,
        kind,
        repository_id,
        actor: job.actor_kind,
        cfg_rev: host.cfg_rev,
        epoch,
        box: toBase64Url(
          deps.identity.sealFor(host, "job", commandId, plaintext),
        ),
      });
      return { host, start };
    });
  }

  async function end(trx: Trx, id: string, { code, message }: Failure) {
    await store.updateJob(trx, id, {
      status: "failed",
      finished_at: now(),
      error_code: code,
      error: message,
    });
  }

  async function trySend(id: string): Promise<void> {
    const claimed = await claimOrEnd(id);
    if (claimed === null) return;
    const { host, start } = claimed;
    try {
      if (start !== null) await sending.send(host.id, id, start);
    } catch (error) {
      await tx.run((trx) => upkeep.requeue(trx, id));
      throw error;
    }
    awaySince.delete(id);
    changed(id, host.id);
  }

  function changed(jobId: string, hostId: string): void {
    events.emit({ type: "job.changed", jobId, hostId });
    events.emit({ type: "host.changed", hostId });
  }

  /** Nothing waits for ever for a host that does not come. */
  async function giveUp(id: string): Promise<void> {
    const since = awaySince.get(id) ?? clock.now();
    awaySince.set(id, since);
    if (clock.now() - since < awayMs) return;
    awaySince.delete(id);
    await endWaiting(id, failure("host_offline"));
  }

  async function endWaiting(id: string, why: Failure): Promise<void> {
    const hostId = await tx.run(async (trx) => {
      const job = await store.findJob(trx, id);
      if (job?.status !== "queued") return null;
      await end(trx, id, why);
      return job.host_id;
    });
    if (hostId !== null) changed(id, hostId);
  }

  /** As `claim`; a job that can never be put together ends, so that it holds up neither itself nor others. */
  async function claimOrEnd(id: string) {
    try {
      return await claim(id);
    } catch (error) {
      if (error instanceof AppError) throw error;
      deps.log.error("Upkeep could not be put together", { job_id: id, error });
      await endWaiting(id, unprepared);
      return null;
    }
  }

  async function sendWaiting(): Promise<void> {
    for (const { id, repository_id } of await upkeep.waitingUpkeep(db)) {
      await inTurn(repository_id ?? id, async () => {
        try {
          await trySend(id);
        } catch (error) {
          if (error instanceof AppError) return giveUp(id);
          deps.log.error("Upkeep could not be sent", { job_id: id, error });
        }
      });
    }
  }

  function pump(): void {
    sendWaiting().catch((error: unknown) =>
      deps.log.error("Waiting upkeep could not be sent", { error }),
    );
  }

  return {
    async add(trx, { id, hostId, repositoryId, kind, by, params }) {
      await store.insertJob(trx, {
        id,
        host_id: hostId,
        repository_id: repositoryId,
        kind,
        status: "queued",
        actor_kind: by.kind,
        actor_id: by.id,
        params: JSON.stringify(params),
        queued_at: now(),
      });
    },

    async submit(id, repositoryId, by) {
      try {
        await inTurn(repositoryId, () => trySend(id));
      } catch (error) {
        if (error instanceof AppError) {
          await sending.withdraw(id, by, error.code);
        }
        throw error;
      }
    },

    unfinished: upkeep.unfinishedUpkeep,

    start() {
      const stops = [
        events.on((event) => {
          if (event.type === "job.changed") pump();
        }),
        every(clock, tickMs, pump),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
