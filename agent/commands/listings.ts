import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { ConfiguredRepository } from "./backup.ts";
import type { ListedSnapshot } from "./snapshots.ts";

/** What the server is told of the snapshots in the repositories. */
export interface Listings {
  /** Lists a repository and reports it. Null when that failed: then it is tried again by itself until it succeeds. */
  list(repository: ConfiguredRepository): Promise<ListedSnapshot[] | null>;
  /** Resolves when none is under way. */
  ended(): Promise<void>;
}

export interface ListingsDeps {
  /** Null, or rejects, when it failed. */
  readonly report: (
    repository: ConfiguredRepository,
  ) => Promise<ListedSnapshot[] | null>;
  /** How a repository is reached now. */
  readonly repository: (id: string) => ConfiguredRepository | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborted when the agent stops. */
  readonly signal: AbortSignal;
}

const firstWaitMs = 60_000;
const longestWaitMs = 30 * 60_000;

export function createListings(deps: ListingsDeps): Listings {
  const { clock, signal } = deps;
  const under = new Set<Promise<unknown>>();
  const planned = new Map<string, Cancel>();
  signal.addEventListener("abort", () => {
    for (const cancel of planned.values()) cancel();
  });

  async function attempt(
    repository: ConfiguredRepository,
    waitMs: number,
  ): Promise<ListedSnapshot[] | null> {
    const { id } = repository;
    planned.get(id)?.();
    planned.delete(id);
    if (signal.aborted) return null;
    const snapshots = await deps.report(repository).catch((error: unknown) => {
      deps.log.warn("The snapshots could not be listed", {
        repository_id: id,
        error,
      });
      return null;
    });
    if (snapshots === null && !signal.aborted)
      planned.set(
        id,
        clock.after(waitMs, () => again(id, waitMs * 2)),
      );
    return snapshots;
  }

  function again(id: string, waitMs: number): void {
    const repository = deps.repository(id);
    if (repository !== undefined)
      void tracked(attempt(repository, Math.min(waitMs, longestWaitMs)));
  }

  function tracked<T>(listing: Promise<T>): Promise<T> {
    under.add(listing);
    return listing.finally(() => under.delete(listing));
  }

  return {
    list: (repository) => tracked(attempt(repository, firstWaitMs)),
    ended: async () => void (await Promise.all(under)),
  };
}
