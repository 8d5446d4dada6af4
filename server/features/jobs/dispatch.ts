import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Job, RunBody } from "@restic-manager/shared/api/jobs.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import type { Jobs } from "./jobs.ts";
import type { Sending } from "./sending.ts";
import * as store from "./store.ts";

const notBackYet =
  "The server has just started, and this host has not come back yet; nothing was queued. Try again in a moment.";

/** Starts a backup on a host now. Nothing is queued for a host that is away: the row goes again. */
export function createDispatch(deps: {
  tx: Transaction;
  sending: Sending;
  presence: { epochOf(hostId: string): string | null };
  jobs: Pick<Jobs, "get">;
  audit: Audit;
  events: Events;
  random: Random;
  clock: Clock;
}): (hostId: string, body: RunBody, by: Initiator) => Promise<Job> {
  const { tx, sending, presence, jobs, audit, events, random } = deps;

  async function plan(trx: Trx, hostId: string, groupId: string) {
    const target = await store.findTarget(trx, hostId, groupId);
    if (target === null) throw new AppError("host_not_found");
    const epoch = presence.epochOf(hostId);
    if (epoch === null)
      throw new AppError(
        "host_offline",
        target.status === "online" ? { message: notBackYet } : {},
      );
    if (!target.setUp) throw new AppError("host_not_set_up");
    if (target.group === null) throw new AppError("source_group_not_found");
    return { group: target.group, cfg_rev: target.cfg_rev, epoch };
  }

  return async (hostId, { kind, source_group_id, limits }, by) => {
    const id = random.id();
    const { cfg_rev, epoch } = await tx.run(async (trx) => {
      const planned = await plan(trx, hostId, source_group_id);
      await store.insertJob(trx, {
        id,
        host_id: hostId,
        kind,
        status: "queued",
        actor_kind: "user",
        actor_id: by.id,
        source_group_id,
        repository_id: planned.group.repositoryId,
        queued_at: toTimestamp(deps.clock.now()),
      });
      await audit.record(trx, by, {
        action: "job.run",
        target: { kind: "job", id },
        payload: { host_id: hostId, kind, source_group_id, ...limits },
      });
      return planned;
    });
    const start = { job_id: id, kind, source_group_id, cfg_rev, epoch };
    try {
      await sending.send(hostId, id, () => ({
        ...start,
        ...(limits && { limits }),
      }));
    } catch (error) {
      if (error instanceof AppError) {
        await sending.withdraw(id, by, error.code);
      }
      throw error;
    }
    events.emit({ type: "job.changed", jobId: id, hostId });
    events.emit({ type: "host.changed", hostId });
    return jobs.get(id);
  };
}
