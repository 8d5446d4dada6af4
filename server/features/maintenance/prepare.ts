import { failure } from "@restic-manager/shared/domain/failure.ts";
import type { Failure } from "@restic-manager/shared/domain/failure.ts";
import type { MaintenanceSecret } from "@restic-manager/shared/protocol/command.ts";
import type { Trx } from "../../ports/transaction.ts";
import type { Prepare } from "../jobs/upkeep-queue.ts";
import type { CredentialReader } from "../repos/access.ts";
import type { Policies } from "../repos/retention-store.ts";
import { findUpkeep } from "./store.ts";

export type FindPolicies = (
  trx: Trx,
  ids: readonly string[],
) => Promise<Map<string, Policies>>;

const noAccess = failure(
  "repository_failed",
  "The server has nothing to open this repository with.",
);

/** Puts together what an agent gets for one job: what opens the repository, and what is to be done with it. */
export function createPrepare(deps: {
  access: CredentialReader;
  findPolicies: FindPolicies;
}): Prepare {
  const { access } = deps;

  async function groups(
    trx: Trx,
    repositoryId: string,
  ): Promise<NonNullable<MaintenanceSecret["groups"]>> {
    const found = await deps.findPolicies(trx, [repositoryId]);
    const policies = found.get(repositoryId)?.policies ?? [];
    return policies.map(({ host, tag, retention }) => ({
      host,
      tag,
      retention,
    }));
  }

  return async (trx, { kind, hostId, repositoryId, params }) => {
    const deletes = kind === "forget" || kind === "prune";
    const opened = await access[deletes ? "admin" : "own"](
      trx,
      repositoryId,
      hostId,
    );
    if (opened === null) {
      return deletes ? failure("admin_credential_missing") : noAccess;
    }
    const record = await findUpkeep(trx, repositoryId);
    const restic_id = record?.resticId ?? null;
    const secret = { ...opened, restic_id, ...params };
    if (kind !== "forget") return secret;
    const kept = await groups(trx, repositoryId);
    const nothing: Failure = failure("retention_empty");
    return kept.length === 0 ? nothing : { ...secret, groups: kept };
  };
}
