import type { Generated } from "kysely";
import type { Timestamp } from "./columns.ts";

/** A folder's listing, named by what is in it (`shared/domain/tree.ts`). */
export interface TreeRow {
  repository_id: string;
  id: string;
  /** The zstd-compressed `treeText`. */
  packed: Uint8Array;
}

/** How far a snapshot is indexed. No row: nobody asked for it. */
export interface SnapshotTreeRow {
  repository_id: string;
  snapshot_id: string;
  /** Who sends it. */
  host_id: string | null;
  /** 1 when somebody asked that host for it; unasked, a host tells of its own snapshots alone. */
  asked: Generated<number>;
  state: "indexing" | "ready" | "failed";
  message: string | null;
  root: string | null;
  files: number | null;
  bytes: number | null;
  trees_received: Generated<number>;
  /** Trees that came with it and were not stored before, and their bytes: summed up, what the server keeps of a repository. */
  stored_trees: Generated<number>;
  stored_bytes: Generated<number>;
  updated_at: Timestamp;
}

/** A key that a restore on another host used, until it is removed from the repository. */
export interface TemporaryKeyRow {
  id: string;
  repository_id: string;
  job_id: string | null;
  /** Who added it and can remove it. */
  keeper_host_id: string | null;
  /** restic's own id of it; null until its keeper has said so. */
  restic_key_id: string | null;
  made_at: Timestamp;
  /** Removed in any case from then on, whatever became of the job. */
  remove_after: Timestamp;
  last_error: string | null;
}
