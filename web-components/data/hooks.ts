import type {
  GroupHooks,
  HostHooks,
  HostHooksSpec,
} from "@restic-manager/shared/api/hooks.ts";
import type { HookSpec } from "@restic-manager/shared/domain/hook.ts";
import type { Http } from "./http.ts";
import type { Live } from "./live.ts";
import { createResource, type Resource } from "./resource.ts";

/** What runs around backups; only who may change it may read it. */
export interface HooksStore {
  ofHost(hostId: string): Resource<HostHooks>;
  ofGroup(hostId: string, groupId: string): Resource<GroupHooks>;
  saveHost(hostId: string, body: HostHooksSpec): Promise<HostHooks>;
  saveGroup(groupId: string, body: HookSpec): Promise<GroupHooks>;
}

export function createHooksStore({
  http,
  live,
}: {
  http: Http;
  live: Live;
}): HooksStore {
  function resource<T>(hostId: string, path: string): Resource<T> {
    return createResource<T>({
      live,
      load: () => http.get<T>(path),
      apply: (hooks, event) =>
        event.type === "host.config" && event.host_id === hostId
          ? "reload"
          : hooks,
    });
  }

  return {
    ofHost: (hostId) => resource(hostId, `/api/hosts/${hostId}/hooks`),
    ofGroup: (hostId, groupId) =>
      resource(hostId, `/api/sources/${groupId}/hooks`),
    saveHost: (hostId, body) =>
      http.send<HostHooks>("PUT", `/api/hosts/${hostId}/hooks`, body),
    saveGroup: (groupId, body) =>
      http.send<GroupHooks>("PUT", `/api/sources/${groupId}/hooks`, body),
  };
}
