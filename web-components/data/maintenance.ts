import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import type { Job } from "@restic-manager/shared/api/jobs.ts";
import type { LiveEvent } from "@restic-manager/shared/api/live.ts";
import type { Maintenance } from "@restic-manager/shared/api/maintenance.ts";
import type { MaintenanceSettings } from "@restic-manager/shared/domain/maintenance.ts";
import type { Http } from "./http.ts";
import type { Live } from "./live.ts";
import { createResource, type Resource } from "./resource.ts";

/** What a person may ask for: the last part of its address. */
export type UpkeepAction =
  "forget" | "prune" | "check" | "unlock" | "unlock-all" | "reinit";

export interface MaintenanceStore {
  of(repositoryId: string): Resource<Maintenance>;
  save(
    repositoryId: string,
    settings: MaintenanceSettings,
  ): Promise<Maintenance>;
  start(
    repositoryId: string,
    action: UpkeepAction,
    body?: object,
  ): Promise<Job>;
}

export function createMaintenanceStore({
  http,
  live,
}: {
  http: Http;
  live: Live;
}): MaintenanceStore {
  return {
    of: (repositoryId) =>
      createResource<Maintenance>({
        live,
        load: () =>
          http.get<Maintenance>(
            `/api/repositories/${repositoryId}/maintenance`,
          ),
        apply: (value, event) => withEvent(value, event, repositoryId),
      }),
    save: (repositoryId, settings) =>
      http.send<Maintenance>(
        "PUT",
        `/api/repositories/${repositoryId}/maintenance`,
        settings,
      ),
    start: (repositoryId, action, body = {}) =>
      http.send<Job>(
        "POST",
        `/api/repositories/${repositoryId}/${action}`,
        body,
      ),
  };
}

function withEvent(
  value: Maintenance,
  event: LiveEvent,
  repositoryId: string,
): Maintenance | "reload" {
  switch (event.type) {
    case "repository.changed":
      return event.repository.id === repositoryId ? "reload" : value;
    case "job.changed":
      return event.job.kind !== "backup" &&
        event.job.repository_id === repositoryId
        ? "reload"
        : value;
    case "host.removed":
      return "reload";
    case "host.changed":
      return withHost(value, event.host);
    default:
      return value;
  }
}

/** A runner that comes or goes. */
function withHost(value: Maintenance, { id, online }: HostRow): Maintenance {
  const known = value.runners.find((runner) => runner.id === id);
  if (known === undefined || known.online === online) return value;
  return {
    ...value,
    runners: value.runners.map((runner) =>
      runner.id === id ? { ...runner, online } : runner,
    ),
  };
}
