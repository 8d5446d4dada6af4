import type {
  DiffPage,
  RepositoryIndex,
} from "@restic-manager/shared/api/trees.ts";
import type { Http } from "./http.ts";
import type { Live } from "./live.ts";
import { createResource, type Resource } from "./resource.ts";

/** Two snapshots of one repository, the older one first. */
export interface SnapshotPair {
  readonly repositoryId: string;
  readonly a: string;
  readonly b: string;
}

export interface TreesStore {
  /** What changed from one snapshot to the other in a folder. */
  diff(of: SnapshotPair, path: string): Promise<DiffPage>;
  /** The address at which a browser gets every path that changed below a folder. */
  diffHref(of: SnapshotPair, path: string): string;
  /** How much is kept of what is in a repository's snapshots. */
  size(repositoryId: string): Resource<RepositoryIndex>;
  throwAway(repositoryId: string): Promise<RepositoryIndex>;
}

export function createTreesStore({
  http,
  live,
}: {
  http: Http;
  live: Live;
}): TreesStore {
  return {
    diff: (of, path) => http.get<DiffPage>(address(of, path, "diff")),
    diffHref: (of, path) => address(of, path, "diff.ndjson"),
    size: (repositoryId) =>
      createResource<RepositoryIndex>({
        live,
        load: () =>
          http.get<RepositoryIndex>(`/api/repositories/${repositoryId}/index`),
        apply: (size, event) =>
          // An index that has become whole is told as a change of the snapshots.
          (event.type === "snapshots.changed" &&
            event.repository_id === repositoryId) ||
          (event.type === "repository.changed" &&
            event.repository.id === repositoryId)
            ? "reload"
            : size,
      }),
    throwAway: (repositoryId) =>
      http.send<RepositoryIndex>(
        "DELETE",
        `/api/repositories/${repositoryId}/index`,
        {},
      ),
  };
}

function address(
  { repositoryId, a, b }: SnapshotPair,
  path: string,
  what: string,
): string {
  return `/api/repositories/${repositoryId}/${what}?${new URLSearchParams({ a, b, path })}`;
}
