import type { Clock } from "@restic-manager/shared/clock.ts";
import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { JobDone } from "@restic-manager/shared/protocol/event.ts";
import { runBackup } from "../commands/backup.ts";
import type { HandlersDeps } from "../commands/handlers.ts";
import { createJobStore, type BackupRequest } from "../commands/job-store.ts";
import { createJobs, type Jobs } from "../commands/jobs.ts";
import { createListings, type Listings } from "../commands/listings.ts";
import { createLockSuspects } from "../commands/lock-suspects.ts";
import { recoverJobs } from "../commands/recovery.ts";
import { reportSnapshots } from "../commands/snapshots.ts";
import { createStats } from "../commands/stats.ts";
import { runRestore, type RestoreDeps } from "../commands/restore.ts";
import { runUpkeep } from "../commands/upkeep.ts";
import type { HookRunner } from "../hooks/run-hook.ts";
import type { Configuration } from "../link/config-sync.ts";
import type { Outbox } from "../link/outbox.ts";
import type { ServerTime } from "../link/server-time.ts";
import { isProcessGone, isResticAlive } from "../platform/process-alive.ts";
import type { MadeSnapshot } from "../restic/changed-folders.ts";
import type { ResticRunner } from "../restic/run.ts";
import type { StateDb } from "../state-db.ts";

export interface WorkDeps extends Pick<
  RestoreDeps,
  "restic" | "restoreHost" | "tmpDir"
> {
  readonly db: StateDb;
  readonly clock: Clock;
  readonly time: ServerTime;
  readonly log: Log;
  readonly outbox: Outbox;
  readonly runner: ResticRunner;
  readonly hooks: HookRunner;
  readonly configuration: Configuration;
  readonly hostname: () => string;
  readonly live: (jobId: string, progress: JobProgress) => void;
  /** A ULID of the server's time: several hosts may list one repository. */
  readonly newRev: () => string;
  readonly snapshotMade: (snapshot: MadeSnapshot) => void;
  /** Called as part of the transaction that keeps a job's end. */
  readonly ended: (done: JobDone) => void;
  /** Aborted when the agent stops. */
  readonly stopping: AbortSignal;
}

/** What this host does, by command or by schedule. */
export interface Work extends Pick<
  HandlersDeps,
  "startUpkeep" | "startRestore"
> {
  readonly jobs: Jobs;
  readonly listings: Listings;
  readonly startBackup: (request: BackupRequest) => void;
  /** Resolves when the jobs of an earlier life are reported. */
  readonly recovered: Promise<void>;
}

const minute = 60_000;
/** A job without any progress for this long is ended, one that runs longer than the second in any case. */
const limits = { stallMs: 30 * minute, limitMs: 7 * 24 * 60 * minute };

/** Puts together all that runs jobs. */
export function createWork(deps: WorkDeps): Work {
  const { db, configuration, log, clock, live, stopping } = deps;
  const store = createJobStore(db);
  const listings = createListings({
    report: (repository) =>
      reportSnapshots({ ...deps, signal: stopping }, repository.id, repository),
    repository: (id) =>
      configuration.current()?.repositories.find((one) => one.id === id),
    clock,
    log,
    signal: stopping,
  });
  const common = {
    ...deps,
    jobs: store,
    suspects: createLockSuspects(db),
    isAlive: isResticAlive,
    isGone: isProcessGone,
    stats: createStats(deps),
    limits,
  };
  const recovered = recoverJobs({ ...common, signal: stopping });
  const jobs = createJobs({ store, log, live, recovered });

  return {
    jobs,
    listings,
    recovered,
    startBackup: (request) =>
      jobs.accept(request, (signal, turn) =>
        runBackup(
          { ...common, turn, reportSnapshots: listings.list },
          request,
          signal,
        ),
      ),
    startUpkeep: (request, secret) =>
      jobs.accept(request, (signal, turn) =>
        runUpkeep({ ...common, turn }, request, secret, signal),
      ),
    startRestore: (request, secret) =>
      jobs.accept(request, (signal) =>
        runRestore(common, request, secret, signal),
      ),
  };
}
