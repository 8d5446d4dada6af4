import type { Job } from "@restic-manager/shared/api/jobs.ts";
import type {
  Snapshot,
  SnapshotList,
} from "@restic-manager/shared/api/repos.ts";
import type {
  RestoreBody,
  RestoreCheck,
  RestoreCheckBody,
} from "@restic-manager/shared/api/restores.ts";
import type {
  FindResult,
  SnapshotIndex,
  TreePage,
} from "@restic-manager/shared/api/trees.ts";
import type { Http } from "./http.ts";
import type { Live } from "./live.ts";
import { createResource, type Resource } from "./resource.ts";

/** A snapshot by its repository and its whole id. */
export interface SnapshotRef {
  readonly repositoryId: string;
  readonly snapshotId: string;
}

export type DownloadFormat = "raw" | "tar" | "zip";

export interface RestoresStore {
  /** Every snapshot of a host, newest first. */
  snapshots(hostId: string): Resource<readonly Snapshot[]>;
  index(of: SnapshotRef): Promise<SnapshotIndex>;
  /** Asks an agent for what is in the snapshot. */
  askIndex(of: SnapshotRef): Promise<SnapshotIndex>;
  /** A part of a folder: what comes after `cursor`. */
  folder(
    of: SnapshotRef,
    path: string,
    cursor: string | null,
  ): Promise<TreePage>;
  find(of: SnapshotRef, text: string): Promise<FindResult>;
  /** What the host finds before anything is written. */
  check(of: SnapshotRef, body: RestoreCheckBody): Promise<RestoreCheck>;
  start(of: SnapshotRef, body: RestoreBody): Promise<Job>;
  /** The address at which a browser gets the files themselves. */
  downloadHref(
    of: SnapshotRef,
    paths: readonly string[],
    format: DownloadFormat,
  ): string;
}

export function createRestoresStore({
  http,
  live,
}: {
  http: Http;
  live: Live;
}): RestoresStore {
  return {
    snapshots: (hostId) =>
      createResource<readonly Snapshot[]>({
        live,
        load: () => loadAll(http, hostId),
        apply: (snapshots, event) =>
          event.type === "snapshots.changed" && event.host_ids.includes(hostId)
            ? "reload"
            : snapshots,
      }),
    index: (of) => http.get<SnapshotIndex>(`${address(of)}/index`),
    askIndex: (of) =>
      http.send<SnapshotIndex>("POST", `${address(of)}/index`, {}),
    folder: (of, path, cursor) =>
      http.get<TreePage>(
        `${address(of)}/tree?${new URLSearchParams({
          path,
          ...(cursor === null ? {} : { cursor }),
        })}`,
      ),
    find: (of, text) =>
      http.get<FindResult>(
        `${address(of)}/find?${new URLSearchParams({ q: text })}`,
      ),
    check: (of, body) =>
      http.send<RestoreCheck>("POST", `${address(of)}/restore/check`, body),
    start: (of, body) => http.send<Job>("POST", `${address(of)}/restore`, body),
    downloadHref: (of, paths, format) =>
      `${address(of)}/download?${new URLSearchParams([
        ...paths.map((path) => ["path", path]),
        ["format", format],
      ])}`,
  };
}

function address({ repositoryId, snapshotId }: SnapshotRef): string {
  return `/api/repositories/${repositoryId}/snapshots/${snapshotId}`;
}

async function loadAll(http: Http, hostId: string): Promise<Snapshot[]> {
  const snapshots: Snapshot[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: SnapshotList = await http.get(
      `/api/hosts/${hostId}/snapshots?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    snapshots.push(...page.snapshots);
    cursor = page.next_cursor;
  }
  return snapshots;
}
