import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Configuration } from "../link/config-sync.ts";
import type { Connection } from "../link/link.ts";
import type { ServerRequests } from "../link/server-requests.ts";
import type { ResticRunner } from "../restic/run.ts";
import type { StateDb } from "../state-db.ts";
import { createFolderStore } from "../trees/folder-store.ts";
import { createIndexing, type Indexing } from "../trees/indexing.ts";
import type { MadeSnapshots } from "../trees/made-snapshots.ts";
import { createPendingStore } from "../trees/pending-store.ts";
import { sendSnapshot } from "../trees/send.ts";
import { createSentStore } from "../trees/sent-store.ts";

export interface SnapshotIndexingDeps {
  readonly db: StateDb;
  readonly clock: Clock;
  readonly log: Log;
  readonly runner: ResticRunner;
  readonly requests: ServerRequests;
  readonly configuration: Pick<Configuration, "current">;
  /** Null while the server is away. */
  readonly connection: () => Connection | null;
  readonly isBusy: () => boolean;
  readonly tmpDir: string;
  readonly foldersDir: string;
  readonly made: MadeSnapshots;
  /** Aborted when the agent stops. */
  readonly stopping: AbortSignal;
}

/** Puts together what tells the server what is in snapshots. */
export function createSnapshotIndexing(deps: SnapshotIndexingDeps): Indexing {
  const { db, configuration, connection, stopping } = deps;
  const sent = createSentStore(db);
  const folders = createFolderStore(deps.foldersDir, deps.log);
  return createIndexing({
    ...deps,
    pending: createPendingStore(db),
    send: (snapshot) =>
      sendSnapshot({ ...deps, sent, folders, signal: stopping }, snapshot),
    isEnabled: () => configuration.current()?.index === true,
    isOnline: () => connection() !== null,
    repository: (id) =>
      configuration.current()?.repositories.find((one) => one.id === id),
  });
}
