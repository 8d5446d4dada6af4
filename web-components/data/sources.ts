import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import type {
  SourceGroupChange,
  SourceGroupSpec,
} from "@restic-manager/shared/domain/source.ts";
import type { Http } from "./http.ts";
import type { Live } from "./live.ts";
import { createResource, type Resource } from "./resource.ts";

export interface SourcesStore {
  ofHost(hostId: string): Resource<readonly SourceGroup[]>;
  /** Asks once; `ofHost` is what stays true. */
  list(hostId: string): Promise<readonly SourceGroup[]>;
  create(hostId: string, body: SourceGroupSpec): Promise<SourceGroup>;
  replace(id: string, body: SourceGroupChange): Promise<SourceGroup>;
  /** The server refuses while a schedule runs it, and says which. */
  remove(id: string): Promise<void>;
}

export function createSourcesStore({
  http,
  live,
}: {
  http: Http;
  live: Live;
}): SourcesStore {
  const list = async (hostId: string): Promise<readonly SourceGroup[]> =>
    (await http.get<{ groups: SourceGroup[] }>(`/api/hosts/${hostId}/sources`))
      .groups;
  return {
    list,
    ofHost: (hostId) =>
      createResource<readonly SourceGroup[]>({
        live,
        load: () => list(hostId),
        apply: (groups, event) =>
          event.type === "host.config" && event.host_id === hostId
            ? "reload"
            : groups,
      }),
    create: (hostId, body) =>
      http.send<SourceGroup>("POST", `/api/hosts/${hostId}/sources`, body),
    replace: (id, body) =>
      http.send<SourceGroup>("PUT", `/api/sources/${id}`, body),
    remove: (id) => http.send<void>("DELETE", `/api/sources/${id}`, {}),
  };
}
