import type {
  Alert,
  AlertCounts,
  AlertList,
  AlertQuery,
} from "@restic-manager/shared/api/alerts.ts";
import type { LiveEvent } from "@restic-manager/shared/api/live.ts";
import type { Http } from "./http.ts";
import type { Live } from "./live.ts";
import { type Paged, paged } from "./paged.ts";
import { createResource, type Resource } from "./resource.ts";

export type AlertFilter = {
  readonly [
    K in "state" | "severity" | "kind" | "host_id" | "repository_id"
  ]?: NonNullable<AlertQuery[K]>;
};

export type AlertsResource = Paged<AlertList>;

export interface AlertsStore {
  /** Newest first. */
  list(filter: AlertFilter): AlertsResource;
  readonly counts: Resource<AlertCounts>;
  acknowledge(id: string): Promise<Alert>;
  resolve(id: string): Promise<Alert>;
}

export function createAlertsStore({
  http,
  live,
}: {
  http: Http;
  live: Live;
}): AlertsStore {
  return {
    list(filter) {
      const query = new URLSearchParams({ limit: "50", ...filter });
      const resource = createResource<AlertList>({
        live,
        load: () => http.get<AlertList>(`/api/alerts?${query}`),
        apply: (list, event) => withEvent(list, event, filter),
      });
      return paged(
        resource,
        (cursor) =>
          http.get<AlertList>(`/api/alerts?${query}&cursor=${cursor}`),
        ({ alerts }, older) => ({
          ...older,
          alerts: [...alerts, ...older.alerts],
        }),
      );
    },
    counts: createResource<AlertCounts>({
      live,
      load: () => http.get<AlertCounts>("/api/alerts/counts"),
      apply(counts, event) {
        if (event.type === "alert.changed") return event.counts;
        // Its alerts went with it.
        return event.type === "host.removed" ? "reload" : counts;
      },
    }),
    acknowledge: (id) =>
      http.send<Alert>("POST", `/api/alerts/${id}/acknowledge`, {}),
    resolve: (id) => http.send<Alert>("POST", `/api/alerts/${id}/resolve`, {}),
  };
}

function withEvent(
  list: AlertList,
  event: LiveEvent,
  filter: AlertFilter,
): AlertList | "reload" {
  if (event.type === "host.removed") return "reload";
  if (event.type !== "alert.changed") return list;
  const { alert } = event;
  const { alerts } = list;
  const isKnown = alerts.some(({ id }) => id === alert.id);
  // Which repositories a host uses is the server's to know.
  if (!isKnown && filter.host_id !== undefined && alert.host_id === null)
    return "reload";
  if (!fits(alert, filter))
    return isKnown
      ? { ...list, alerts: alerts.filter(({ id }) => id !== alert.id) }
      : list;
  if (isKnown)
    return {
      ...list,
      alerts: alerts.map((other) => (other.id === alert.id ? alert : other)),
    };
  // An older one that fits now belongs between others, perhaps on another page.
  const newest = alerts[0];
  return newest === undefined || alert.id > newest.id
    ? { ...list, alerts: [alert, ...alerts] }
    : "reload";
}

function fits(
  alert: Alert,
  { state, severity, kind, host_id, repository_id }: AlertFilter,
): boolean {
  const isInState =
    state === undefined ||
    (state === "unresolved"
      ? alert.state !== "resolved"
      : alert.state === state);
  return (
    isInState &&
    (severity === undefined || alert.severity === severity) &&
    (kind === undefined || alert.kind === kind) &&
    (repository_id === undefined || alert.repository_id === repository_id) &&
    (host_id === undefined ||
      alert.host_id === null ||
      alert.host_id === host_id)
  );
}
