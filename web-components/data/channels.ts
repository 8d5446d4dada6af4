import type {
  Channel,
  ChannelList,
  ChannelSpec,
  ChannelTest,
} from "@restic-manager/shared/api/channels.ts";
import type { Http } from "./http.ts";
import type { Live } from "./live.ts";
import { createResource, type Resource } from "./resource.ts";

export interface ChannelsStore {
  readonly list: Resource<readonly Channel[]>;
  /** `id` null makes a new one. */
  save(id: string | null, spec: ChannelSpec): Promise<Channel>;
  remove(id: string): Promise<void>;
  test(id: string): Promise<ChannelTest>;
}

export function createChannelsStore({
  http,
  live,
}: {
  http: Http;
  live: Live;
}): ChannelsStore {
  return {
    list: createResource<readonly Channel[]>({
      live,
      load: async () => (await http.get<ChannelList>("/api/channels")).channels,
      apply: (channels, event) =>
        event.type === "channels.changed" ? "reload" : channels,
    }),
    save: (id, spec) =>
      id === null
        ? http.send<Channel>("POST", "/api/channels", spec)
        : http.send<Channel>("PUT", `/api/channels/${id}`, spec),
    remove: (id) => http.send<void>("DELETE", `/api/channels/${id}`, {}),
    test: (id) =>
      http.send<ChannelTest>("POST", `/api/channels/${id}/test`, {}),
  };
}
