import type { Log } from "@restic-manager/shared/log.ts";
import type { ConfiguredRepository } from "./backup.ts";

/** Snapshot lists that no backup asks for: of an adopted repository before its first backup, or for an older server. */
export interface Listings {
  start(repository: ConfiguredRepository): void;
  /** Resolves when none is under way. */
  ended(): Promise<void>;
}

export function createListings(deps: {
  readonly report: (repository: ConfiguredRepository) => Promise<unknown>;
  readonly log: Log;
  /** Aborted when the agent stops. */
  readonly signal: AbortSignal;
}): Listings {
  const under = new Set<Promise<unknown>>();
  return {
    start(repository) {
      if (deps.signal.aborted) return;
      const listing = deps
        .report(repository)
        .catch((error: unknown) =>
          deps.log.warn("The snapshots could not be listed", {
            repository_id: repository.id,
            error,
          }),
        )
        .finally(() => under.delete(listing));
      under.add(listing);
    },
    ended: async () => void (await Promise.all(under)),
  };
}
