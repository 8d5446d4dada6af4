import type { Job } from "@restic-manager/shared/api/jobs.ts";
import type { MaintenanceKind } from "@restic-manager/shared/domain/job.ts";
import type { MaintenanceSettings } from "@restic-manager/shared/domain/maintenance.ts";
import { AppError } from "../../app-error.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import type { Jobs } from "../jobs/jobs.ts";
import type { UpkeepParams, UpkeepQueue } from "../jobs/upkeep-queue.ts";
import type { CredentialReader } from "../repos/access.ts";
import type { FindPolicies } from "./prepare.ts";
import { possibleRunners } from "./runner-store.ts";
import type { Runner } from "./runner-store.ts";
import * as store from "./store.ts";

export interface UpkeepRequest {
  readonly kind: MaintenanceKind;
  readonly params?: UpkeepParams;
  /** Of creating the repository anew: its name as the person typed it. */
  readonly name?: string;
}

/** Starts upkeep of a repository, by a person or by the clock. */
export interface Upkeep {
  /** @throws AppError `host_offline` when no host could be told; then nothing is left behind. */
  run(
    repositoryId: string,
    request: UpkeepRequest,
    by: Initiator,
  ): Promise<Job>;
}

const ambiguous =
  "Hosts of the same host name have, or had, source groups of the same name here, and restic cannot tell their snapshots apart; give each of these groups a new name first.";
const nobody =
  "No host uses this repository; choose one to do its upkeep first.";

export function createUpkeep(deps: {
  tx: Transaction;
  access: CredentialReader;
  findPolicies: FindPolicies;
  queue: UpkeepQueue;
  jobs: Pick<Jobs, "get">;
  presence: { isOnline(hostId: string): boolean };
  audit: Audit;
  random: Random;
}): Upkeep {
  const { tx, access, queue, audit, presence } = deps;

  async function requireRights(
    trx: Trx,
    { repositoryId, name }: store.UpkeepRecord,
    request: UpkeepRequest,
    runner: Runner,
  ): Promise<void> {
    const { kind, params } = request;
    if (kind === "forget" || kind === "prune") {
      if (!(await access.mayDelete(trx, repositoryId, runner.id))) {
        throw new AppError("admin_creds_required");
      }
    }
    if (kind === "forget") {
      const found = (await deps.findPolicies(trx, [repositoryId])).get(
        repositoryId,
      );
      if ((found?.policies.length ?? 0) === 0) {
        const clash = (found?.clashing.length ?? 0) > 0;
        throw new AppError(
          "retention_empty",
          clash ? { message: ambiguous } : {},
        );
      }
    }
    if (kind === "init" && request.name !== name) {
      throw new AppError("repository_name_mismatch");
    }
    if (params?.all === true && (await store.isInUse(trx, repositoryId))) {
      throw new AppError("repository_busy");
    }
  }

  /** Who is there; for unlocking rather one whose own locks are in the way, which it can prove dead. */
  async function choose(
    trx: Trx,
    repositoryId: string,
    runners: readonly Runner[],
    kind: MaintenanceKind,
  ): Promise<Runner | undefined> {
    const there = runners.filter(({ id }) => presence.isOnline(id));
    if (kind !== "unlock") return there[0];
    const holders = new Set(await store.lockHolders(trx, repositoryId));
    return there.find(({ hostname }) => holders.has(hostname)) ?? there[0];
  }

  async function plan(
    trx: Trx,
    record: store.UpkeepRecord,
    request: UpkeepRequest,
  ): Promise<Runner> {
    const { repositoryId, settings } = record;
    const runners = await possibleRunners(
      trx,
      repositoryId,
      settings.runner_host_id,
    );
    const [first] = runners;
    if (first === undefined) {
      throw new AppError("host_offline", { message: nobody });
    }
    await requireRights(trx, record, request, first);
    const runner = await choose(trx, repositoryId, runners, request.kind);
    if (runner === undefined) throw new AppError("host_offline");
    return runner;
  }

  return {
    async run(repositoryId, request, by) {
      const { kind } = request;
      const { id, isNew } = await tx.run(async (trx) => {
        const record = await store.findUpkeep(trx, repositoryId);
        if (record === null) throw new AppError("repository_not_found");
        const runner = await plan(trx, record, request);
        const params = paramsOf(request, record.settings);
        const unfinished = await queue.unfinished(trx, repositoryId);
        const waiting = unfinished.find(
          (job) =>
            job.kind === kind &&
            job.status === "queued" &&
            Bun.deepEquals(JSON.parse(job.params ?? "{}"), params),
        );
        await audit.record(trx, by, {
          action: actionOf(request),
          target: { kind: "repository", id: repositoryId },
          payload: { host_id: runner.id, ...given(params) },
        });
        // Asking again does not make it come sooner, nor twice.
        if (waiting !== undefined) return { id: waiting.id, isNew: false };
        const id = deps.random.id();
        await queue.add(trx, {
          id,
          hostId: runner.id,
          repositoryId,
          kind,
          by: { kind: by.kind, id: by.kind === "user" ? by.id : null },
          params,
        });
        return { id, isNew: true };
      });
      if (isNew) await queue.submit(id, repositoryId, by);
      return deps.jobs.get(id);
    },
  };
}

function paramsOf(
  { kind, params = {} }: UpkeepRequest,
  settings: MaintenanceSettings,
): UpkeepParams {
  const { subset_pct = settings.check_subset_pct } = params;
  return kind === "check" ? { subset_pct } : params;
}

function given({ subset_pct, all }: UpkeepParams) {
  return {
    ...(subset_pct !== undefined && { subset_pct }),
    ...(all !== undefined && { all }),
  };
}

function actionOf({ kind, params }: UpkeepRequest): string {
  if (kind === "init") return "repository.reinit";
  return params?.all === true ? "repository.unlock_all" : `repository.${kind}`;
}
