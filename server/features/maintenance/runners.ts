import type { Trx } from "../../ports/transaction.ts";
import { possibleRunners } from "./runner-store.ts";
import type { Runner } from "./runner-store.ts";
import { findUpkeep } from "./store.ts";

/** Who does a repository's upkeep, in the order in which they are asked. */
export async function runnersOf(
  trx: Trx,
  repositoryId: string,
): Promise<Runner[]> {
  const record = await findUpkeep(trx, repositoryId);
  const chosen = record?.settings.runner_host_id ?? null;
  return possibleRunners(trx, repositoryId, chosen);
}

/**
 * Who may have the access that deletes, without being asked for by a person. Nobody while none is chosen and nothing
 * deletes, which is how the removal of the chosen one leaves a repository.
 */
export async function keepersOf(
  trx: Trx,
  repositoryId: string,
): Promise<Runner[]> {
  const record = await findUpkeep(trx, repositoryId);
  if (record === null) return [];
  const { runner_host_id, forget, prune } = record.settings;
  const isLeft = runner_host_id === null && !forget.enabled && !prune.enabled;
  return isLeft ? [] : possibleRunners(trx, repositoryId, runner_host_id);
}
