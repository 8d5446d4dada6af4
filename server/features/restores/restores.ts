import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Job } from "@restic-manager/shared/api/jobs.ts";
import type {
  RestoreBody,
  RestoreRequest,
} from "@restic-manager/shared/api/restores.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Actor } from "../../ports/route.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import type { Jobs } from "../jobs/jobs.ts";
import type { Sending } from "../jobs/sending.ts";
import type { RepositoryAccess } from "../repos/admin-access.ts";
import { describeRestore, needsConfirmation, sumUp } from "./plan.ts";
import type { createPlan, LookUp, Plan, Source } from "./plan.ts";
import type { SealTo } from "./sealed-command.ts";
import { insertRestore } from "./store.ts";
import type { TemporaryKeys } from "./temporary-keys.ts";

/** Starts a restore. @throws AppError when it does not start; then no job is left behind. */
export type StartRestore = (
  source: Source,
  body: RestoreBody,
  who: { readonly actor: Actor; readonly by: Initiator },
) => Promise<Job>;

/** In an audit row; the job has them all. */
const pathsInAudit = 20;

export function createStartRestore(deps: {
  tx: Transaction;
  plan: ReturnType<typeof createPlan>;
  lookUp: LookUp;
  keys: TemporaryKeys;
  sending: Sending;
  seal: SealTo;
  jobs: Pick<Jobs, "get">;
  audit: Audit;
  events: Events;
  random: Random;
  clock: Clock;
}): StartRestore {
  const { tx, keys, sending, events } = deps;

  async function note(
    trx: Trx,
    jobId: string,
    plan: Plan,
    by: Initiator,
  ): Promise<void> {
    const { host, snapshot, revocation } = plan;
    const request = requestOf(plan);
    await insertRestore(trx, {
      id: jobId,
      hostId: host.id,
      userId: by.id,
      at: toTimestamp(deps.clock.now()),
      request,
    });
    const { paths, target, overwrite, strip } = request;
    await deps.audit.record(trx, by, {
      action: "host.restore",
      target: { kind: "host", id: host.id },
      payload: {
        job_id: jobId,
        repository_id: request.repository_id,
        snapshot_id: snapshot.id,
        paths: paths.slice(0, pathsInAudit),
        paths_count: paths.length,
        target: target.mode === "in_place" ? "in place" : target.path,
        overwrite,
        ...(strip !== null && { strip }),
        ...(request.from_host_id !== null && {
          from_host_id: request.from_host_id,
        }),
        revocation,
      },
    });
  }

  async function send(
    jobId: string,
    plan: Plan,
    access: RepositoryAccess,
    totalBytes: number | null,
  ): Promise<void> {
    const { host, epoch, source } = plan;
    const secret = { ...access, ...describeRestore(plan, totalBytes) };
    await sending.send(host.id, jobId, (commandId) => ({
      job_id: jobId,
      kind: "restore",
      repository_id: source.repositoryId,
      actor: "user",
      cfg_rev: host.cfg_rev,
      epoch,
      box: deps.seal(host, "job", commandId, secret),
    }));
  }

  /** With a password that is taken away afterwards, where there can be one. */
  async function openFor(plan: Plan, by: Initiator) {
    const { access, keeper, source } = plan;
    if (keeper === null) return { access, keyId: null };
    const { id, password } = await keys.add(source.repositoryId, keeper, by);
    const credential = { ...access.credential, password };
    return { access: { ...access, credential }, keyId: id };
  }

  return async (source, { confirm, ...wanted }, { actor, by }) => {
    const read = (trx: Trx) => deps.plan(trx, source, wanted, actor);
    const first = await tx.run(read);
    if (needsConfirmation(first) && confirm !== first.host.name)
      throw new AppError("name_mismatch");
    const totalBytes = await sumUp(first, deps.lookUp);
    const { access, keyId } = await openFor(first, by);
    const jobId = deps.random.id();
    try {
      const plan = await tx.run(async (trx) => {
        // A snapshot may be forgotten while a key is made.
        const now = await read(trx);
        await note(trx, jobId, { ...now, revocation: first.revocation }, by);
        if (keyId !== null) await keys.give(trx, keyId, jobId);
        return now;
      });
      await send(jobId, plan, access, totalBytes).catch(
        async (error: unknown) => {
          if (error instanceof AppError)
            await sending.withdraw(jobId, by, error.code);
          throw error;
        },
      );
    } finally {
      if (keyId !== null) keys.release(keyId);
    }
    const hostId = first.host.id;
    events.emit({ type: "job.changed", jobId, hostId });
    events.emit({ type: "host.changed", hostId });
    return deps.jobs.get(jobId);
  };
}

function requestOf({ source, snapshot, host, body }: Plan): RestoreRequest {
  const { hostId } = snapshot;
  return {
    repository_id: source.repositoryId,
    snapshot_id: source.snapshotId,
    paths: body.paths,
    target: body.target,
    overwrite: body.overwrite,
    strip: body.strip ?? null,
    from_host_id: hostId === host.id ? null : hostId,
  };
}
