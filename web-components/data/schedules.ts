import type {
  Schedule,
  SchedulePatch,
} from "@restic-manager/shared/api/schedules.ts";
import type { Http } from "./http.ts";
import type { Live } from "./live.ts";
import { createResource, type Resource } from "./resource.ts";

export interface SchedulesStore {
  ofHost(hostId: string): Resource<readonly Schedule[]>;
  patch(id: string, body: SchedulePatch): Promise<Schedule>;
}

export function createSchedulesStore({
  http,
  live,
}: {
  http: Http;
  live: Live;
}): SchedulesStore {
  return {
    ofHost: (hostId) =>
      createResource<readonly Schedule[]>({
        live,
        load: async () =>
          (
            await http.get<{ schedules: Schedule[] }>(
              `/api/hosts/${hostId}/schedules`,
            )
          ).schedules,
        // The agent's acknowledgement brings the next fires.
        apply: (schedules, event) =>
          event.type === "host.config" && event.host_id === hostId
            ? "reload"
            : schedules,
      }),
    patch: (id, body) =>
      http.send<Schedule>("PATCH", `/api/schedules/${id}`, body),
  };
}
