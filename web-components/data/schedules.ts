import type {
  Schedule,
  SchedulePatch,
  SchedulePreview,
  ScheduleSpec,
} from "@restic-manager/shared/api/schedules.ts";
import type { Http } from "./http.ts";
import type { Live } from "./live.ts";
import { createResource, type Resource } from "./resource.ts";

export interface SchedulesStore {
  ofHost(hostId: string): Resource<readonly Schedule[]>;
  create(hostId: string, body: ScheduleSpec): Promise<Schedule>;
  patch(id: string, body: SchedulePatch): Promise<Schedule>;
  remove(id: string): Promise<void>;
  /** The next fires of a text that is not saved; rejects with what is wrong with it. */
  preview(hostId: string, cron: string): Promise<SchedulePreview>;
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
    create: (hostId, body) =>
      http.send<Schedule>("POST", `/api/hosts/${hostId}/schedules`, body),
    patch: (id, body) =>
      http.send<Schedule>("PATCH", `/api/schedules/${id}`, body),
    remove: (id) => http.send<void>("DELETE", `/api/schedules/${id}`, {}),
    preview: (hostId, cron) =>
      http.get<SchedulePreview>(
        `/api/hosts/${hostId}/schedules/preview?cron=${encodeURIComponent(cron)}`,
      ),
  };
}
