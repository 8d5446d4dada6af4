import type {
  EnrolmentInfo,
  FleetSummary,
  HostDetail,
  HostList,
  HostPatch,
  HostRemoved,
  HostRow,
  PendingHost,
  PendingList,
} from "@restic-manager/shared/api/hosts.ts";
import type { LiveEvent } from "@restic-manager/shared/api/live.ts";
import { ApiError } from "./api-error.ts";
import type { Http } from "./http.ts";
import type { Live } from "./live.ts";
import { createResource, type Resource } from "./resource.ts";

export interface HostsStore {
  readonly list: Resource<readonly HostRow[]>;
  readonly summary: Resource<FleetSummary>;
  readonly pending: Resource<readonly PendingHost[]>;
  detail(id: string): Resource<HostDetail>;
  /** `fingerprint` is the one the person saw; the server refuses when the host has another. */
  accept(pendingId: string, fingerprint: string): Promise<HostDetail>;
  reject(pendingId: string): Promise<void>;
  patch(id: string, body: HostPatch): Promise<HostDetail>;
  /** `name` as a person typed it; the server refuses another than the host's. */
  remove(id: string, name: string, leaveKeys: boolean): Promise<HostRemoved>;
  /** Resolves to the host with its new key, once the agent has it. */
  rotateKey(id: string): Promise<HostDetail>;
  enrolment(): Promise<EnrolmentInfo>;
}

export function createHostsStore({
  http,
  live,
}: {
  http: Http;
  live: Live;
}): HostsStore {
  const list = createResource<readonly HostRow[]>({
    live,
    load: () => loadAll(http),
    apply: (hosts, event) => withEvent(hosts, event),
  });

  return {
    list,
    summary: createResource<FleetSummary>({
      live,
      load: () => http.get<FleetSummary>("/api/fleet/summary"),
      apply: (summary, event) =>
        event.type === "summary.changed" ? event.summary : summary,
    }),
    pending: createResource<readonly PendingHost[]>({
      live,
      load: async () => (await http.get<PendingList>("/api/pending")).pending,
      apply: (pending, event) =>
        event.type === "pending.changed" ? event.pending : pending,
    }),
    detail: (id) =>
      createResource<HostDetail>({
        live,
        load: () => http.get<HostDetail>(`/api/hosts/${id}`),
        apply: (host, event) => withDetail(host, event),
      }),
    accept: (pendingId, fingerprint) =>
      http.send<HostDetail>("POST", `/api/pending/${pendingId}/accept`, {
        fingerprint,
      }),
    reject: (pendingId) =>
      http.send<void>("POST", `/api/pending/${pendingId}/reject`, {}),
    patch: (id, body) =>
      http.send<HostDetail>("PATCH", `/api/hosts/${id}`, body),
    remove: (id, name, leave_keys) =>
      http.send<HostRemoved>("DELETE", `/api/hosts/${id}`, {
        name,
        leave_keys,
      }),
    rotateKey: (id) =>
      http.send<HostDetail>("POST", `/api/hosts/${id}/rotate-key`, {}),
    enrolment: () => http.get<EnrolmentInfo>("/api/enrolment"),
  };
}

async function loadAll(http: Http): Promise<HostRow[]> {
  const hosts: HostRow[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: HostList = await http.get(
      `/api/hosts?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    hosts.push(...page.hosts);
    cursor = page.next_cursor;
  }
  return hosts;
}

function withEvent(
  hosts: readonly HostRow[],
  event: LiveEvent,
): readonly HostRow[] {
  if (event.type === "host.removed")
    return hosts.filter((host) => host.id !== event.host_id);
  return event.type === "host.changed" ? withHost(hosts, event.host) : hosts;
}

function withHost(
  hosts: readonly HostRow[],
  changed: HostRow,
): readonly HostRow[] {
  const known = hosts.some((host) => host.id === changed.id);
  return known
    ? hosts.map((host) => (host.id === changed.id ? changed : host))
    : [...hosts, changed];
}

function withDetail(
  host: HostDetail,
  event: LiveEvent,
): HostDetail | "reload" | ApiError {
  switch (event.type) {
    case "host.removed":
      return event.host_id === host.id ? removed(host) : host;
    case "host.changed":
      if (event.host.id !== host.id) return host;
      // A reconnect says more than a row holds: versions, boot time, zone.
      return event.host.online && !host.online
        ? "reload"
        : { ...host, ...event.host };
    case "host.config":
      return event.host_id === host.id
        ? {
            ...host,
            cfg_rev: event.cfg_rev,
            applied_cfg_rev: event.applied_cfg_rev,
          }
        : host;
    default:
      return host;
  }
}

function removed({ name }: HostDetail): ApiError {
  return new ApiError(404, {
    code: "host_not_found",
    message: `${name} was removed by an administrator.`,
    request_id: "",
  });
}
