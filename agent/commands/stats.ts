import type { Clock } from "@restic-manager/shared/clock.ts";
import type { RepositoryStats } from "@restic-manager/shared/domain/maintenance.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Outbox } from "../link/outbox.ts";
import type { ServerTime } from "../link/server-time.ts";
import type { Repository } from "../restic/env.ts";
import { readSize } from "../restic/repository-size.ts";
import type { ResticRunner } from "../restic/run.ts";

/** Tells the server how a job left a repository. Never rejects: it fails no job. */
export interface Stats {
  /** Measures what was not measured for a while; a backup changes little, and measuring reads the whole index. */
  afterBackup(place: MeasuredPlace, known: RepositoryStats): Promise<void>;
  afterUpkeep(place: MeasuredPlace, known: RepositoryStats): Promise<void>;
}

export interface MeasuredPlace {
  readonly repositoryId: string;
  readonly repository: Repository;
}

export interface StatsDeps {
  readonly runner: ResticRunner;
  readonly outbox: Pick<Outbox, "put">;
  readonly clock: Clock;
  readonly time: Pick<ServerTime, "stamp">;
  readonly log: Log;
  /** Aborted when the agent stops. */
  readonly stopping: AbortSignal;
}

const limitMs = 60_000;
const modes = [
  { mode: "raw-data", field: "raw_size", everyMs: 3_600_000 },
  // Walks each snapshot as if it was alone.
  { mode: "restore-size", field: "total_size", everyMs: 24 * 3_600_000 },
] as const;

export function createStats(deps: StatsDeps): Stats {
  const { runner, clock, stopping: signal } = deps;
  const measured = new Map<string, number>();

  async function measure(
    { repositoryId, repository }: MeasuredPlace,
    known: RepositoryStats,
    always: boolean,
  ): Promise<void> {
    const until = clock.now() + limitMs;
    let stats = known;
    for (const { mode, field, everyMs } of modes) {
      const key = `${mode} ${repositoryId}`;
      const age = clock.now() - (measured.get(key) ?? -Infinity);
      const left = Math.min(limitMs, until - clock.now());
      if ((!always && age < everyMs) || left <= 0 || signal.aborted) continue;
      measured.set(key, clock.now());
      const call = { repository, limitMs: left, signal };
      const bytes = await readSize(runner, mode, call).catch(() => null);
      if (bytes === null)
        deps.log.warn("A repository could not be measured", {
          repository_id: repositoryId,
          reason: mode,
        });
      else stats = { ...stats, [field]: bytes };
    }
    if (Object.keys(stats).length > 0) report(repositoryId, stats);
  }

  return {
    afterBackup: (place, known) => measure(place, known, false),
    afterUpkeep: (place, known) => measure(place, known, true),
  };

  function report(repositoryId: string, stats: RepositoryStats): void {
    try {
      const at = deps.time.stamp();
      deps.outbox.put("repo.stats", { repository_id: repositoryId, at, stats });
    } catch (error) {
      deps.log.error("How a repository stands could not be kept", { error });
    }
  }
}
