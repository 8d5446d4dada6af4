import type {
  AdminCredentialSpec,
  Repository,
  RepositoryPatch,
  SetUpBody,
  SetUpResult,
  SnapshotList,
} from "@restic-manager/shared/api/repos.ts";
import type { RepoTestResult } from "@restic-manager/shared/protocol/command.ts";
import type { Http } from "./http.ts";
import type { Live } from "./live.ts";
import { type Paged, paged } from "./paged.ts";
import { createResource, type Resource } from "./resource.ts";

export type SnapshotsResource = Paged<SnapshotList>;

export interface ReposStore {
  detail(id: string): Resource<Repository>;
  ofHost(hostId: string): Resource<readonly Repository[]>;
  snapshots(hostId: string): SnapshotsResource;
  /** The agent tests the repository, makes it when asked, and only then anything is saved. */
  setUp(hostId: string, body: SetUpBody): Promise<SetUpResult>;
  /** Tests an existing repository and saves nothing. */
  test(hostId: string, body: SetUpBody): Promise<RepoTestResult>;
  patch(id: string, body: RepositoryPatch): Promise<Repository>;
  /** Access that may delete: only what differs from the repository's own. */
  setAdmin(id: string, body: AdminCredentialSpec): Promise<Repository>;
  dropAdmin(id: string): Promise<Repository>;
}

const pageSize = 50;

export function createReposStore({
  http,
  live,
}: {
  http: Http;
  live: Live;
}): ReposStore {
  return {
    detail: (id) =>
      createResource<Repository>({
        live,
        load: () => http.get<Repository>(`/api/repositories/${id}`),
        apply(repository, event) {
          // With its last host a repository goes from the list.
          if (event.type === "host.removed") return "reload";
          return event.type === "repository.changed" &&
            event.repository.id === id
            ? event.repository
            : repository;
        },
      }),
    ofHost: (hostId) =>
      createResource<readonly Repository[]>({
        live,
        load: async () =>
          (
            await http.get<{ repositories: Repository[] }>(
              `/api/hosts/${hostId}/repositories`,
            )
          ).repositories,
        // The event has nothing of what is this host's alone, such as that it cannot open what others can.
        apply: (repositories, event) =>
          event.type === "repository.changed" && event.host_ids.includes(hostId)
            ? "reload"
            : repositories,
      }),
    snapshots(hostId) {
      const path = `/api/hosts/${hostId}/snapshots?limit=${pageSize}`;
      const resource = createResource<SnapshotList>({
        live,
        load: () => http.get<SnapshotList>(path),
        apply: (list, event) =>
          event.type === "snapshots.changed" && event.host_ids.includes(hostId)
            ? "reload"
            : list,
      });
      return paged(
        resource,
        (cursor) =>
          http.get<SnapshotList>(
            `${path}&cursor=${encodeURIComponent(cursor)}`,
          ),
        ({ snapshots }, older) => ({
          ...older,
          snapshots: [...snapshots, ...older.snapshots],
        }),
      );
    },
    setUp: (hostId, body) =>
      http.send<SetUpResult>("POST", `/api/hosts/${hostId}/setup`, body),
    test: (hostId, body) =>
      http.send<RepoTestResult>(
        "POST",
        `/api/hosts/${hostId}/repository-test`,
        body,
      ),
    patch: (id, body) =>
      http.send<Repository>("PATCH", `/api/repositories/${id}`, body),
    setAdmin: (id, body) =>
      http.send<Repository>(
        "PUT",
        `/api/repositories/${id}/admin-credential`,
        body,
      ),
    dropAdmin: (id) =>
      http.send<Repository>(
        "DELETE",
        `/api/repositories/${id}/admin-credential`,
        {},
      ),
  };
}
