import type { Alert, AlertCounts } from "@restic-manager/shared/api/alerts.ts";
import type {
  Channel,
  ChannelSpec,
} from "@restic-manager/shared/api/channels.ts";
import { alertKinds } from "@restic-manager/shared/domain/alert.ts";
import type { Answer, Call } from "./fixture-api.ts";
import { at, day, hour, id, minute, now } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";

export function seedAlert(
  kind: Alert["kind"],
  hostName: string,
  message: string,
  more: Partial<Alert> = {},
): Alert {
  return {
    // Later ones sort after earlier ones.
    id: id(`ALERT${hostName}`),
    kind,
    severity: alertKinds[kind].severity,
    state: "open",
    host_id: hostDetail(hostName).id,
    host_name: hostName,
    repository_id: null,
    repository_name: null,
    job_id: null,
    message,
    raised_at: at(now - 2 * hour),
    last_seen_at: at(now - 2 * hour),
    acknowledged_at: null,
    acknowledged_by: null,
    resolved_at: null,
    resolved_by: null,
    ...more,
  };
}

export function seedAlerts(): Alert[] {
  return [
    seedAlert(
      "identity_conflict",
      "media-box",
      "Two agents speak as media-box: its identity was copied, with a disk image or a folder. Enrol one of them anew.",
      { raised_at: at(now - 9 * minute), last_seen_at: at(now - 9 * minute) },
    ),
    seedAlert(
      "backup_failed",
      "ws-erika",
      "The backup of “default” on ws-erika failed: No space left on the repository.",
      { job_id: id("PAST001"), last_seen_at: at(now - 12 * minute) },
    ),
    seedAlert(
      "agent_offline",
      "pi-garage",
      "pi-garage was last heard of at 2026-11-20 04:12 UTC.",
      {
        state: "acknowledged",
        raised_at: at(now - 2 * day),
        last_seen_at: at(now - 2 * day),
        acknowledged_at: at(now - day),
        acknowledged_by: "sam.keller",
      },
    ),
    seedAlert(
      "stale_schedule",
      "mail-01",
      "No backup of “default” on mail-01 has succeeded since 2026-11-18 01:37 UTC, and one is overdue.",
      {
        state: "resolved",
        raised_at: at(now - 3 * day),
        last_seen_at: at(now - 3 * day),
        resolved_at: at(now - 2 * day),
      },
    ),
  ];
}

export function seedChannels(): Channel[] {
  const common = {
    enabled: true,
    created_at: at(now - 30 * day),
    waiting: 0,
    last_error: null,
  };
  return [
    {
      ...common,
      id: id("CHANpager"),
      kind: "webhook",
      name: "pager",
      severities: ["critical"],
      url: "https://pager.example.net/hooks/backup",
      auth: "token",
      secret_set: true,
      waiting: 2,
      last_delivered_at: at(now - 3 * day),
      last_error: "The receiver answered 503.",
    },
    {
      ...common,
      id: id("CHANphone"),
      kind: "ntfy",
      name: "phone",
      severities: ["warning", "critical"],
      url: "https://ntfy.lan",
      topic: "backups",
      auth: "basic",
      username: "sam",
      secret_set: true,
      last_delivered_at: at(now - 12 * minute),
    },
  ];
}

export function countsOf(alerts: readonly Alert[]): AlertCounts {
  const number = (state: Alert["state"]) =>
    alerts.filter((alert) => alert.state === state).length;
  return {
    open: number("open"),
    acknowledged: number("acknowledged"),
    critical: alerts.filter(
      ({ severity, state }) => severity === "critical" && state !== "resolved",
    ).length,
    last_resolved_at:
      alerts.find(({ resolved_at }) => resolved_at !== null)?.resolved_at ??
      null,
  };
}

export function listAlerts({ world, query }: Call): Answer {
  const wanted = (name: string, value: string | null) =>
    query.get(name) === null || query.get(name) === value;
  const alerts = world.alerts.filter(
    (alert) =>
      (query.get("state") === "unresolved"
        ? alert.state !== "resolved"
        : wanted("state", alert.state)) &&
      wanted("severity", alert.severity) &&
      wanted("kind", alert.kind) &&
      wanted("host_id", alert.host_id) &&
      wanted("repository_id", alert.repository_id),
  );
  return { body: { alerts, next_cursor: null } };
}

export function moveAlert({ world, params }: Call): Answer {
  const change: Partial<Alert> =
    params[1] === "acknowledge"
      ? {
          state: "acknowledged",
          acknowledged_at: at(now),
          acknowledged_by: "sam.keller",
        }
      : {
          state: "resolved",
          resolved_at: at(now),
          resolved_by: "sam.keller",
        };
  world.alerts = world.alerts.map((alert) =>
    alert.id === params[0] ? { ...alert, ...change } : alert,
  );
  return { body: world.alerts.find((alert) => alert.id === params[0]) };
}

export function saveChannel({ world, params, body }: Call): Answer {
  const { secret, ...spec } = body as ChannelSpec;
  const fields = {
    ...(spec.name === ""
      ? { name: { code: "required", message: "Name the channel." } }
      : {}),
    ...(spec.auth !== "none" && params[1] === undefined && !secret
      ? { secret: { code: "required", message: "Give the password." } }
      : {}),
  };
  if (Object.keys(fields).length > 0)
    return {
      refused: {
        status: 400,
        code: "invalid_request",
        message: "The request is not valid; the fields say what to change.",
        fields,
      },
    };
  const before = world.channels.find((channel) => channel.id === params[1]);
  const saved = {
    ...spec,
    ...(spec.kind === "ntfy" ? { username: spec.username ?? null } : {}),
    id: before?.id ?? id(`CHAN${spec.name}`),
    secret_set: spec.auth !== "none",
    created_at: at(now),
    waiting: 0,
    last_delivered_at: null,
    last_error: null,
  } as Channel;
  world.channels = [
    ...world.channels.filter((channel) => channel !== before),
    saved,
  ];
  return { body: saved };
}

export function testChannel({ world, params }: Call): Answer {
  const channel = world.channels.find(({ id: of }) => of === params[0]);
  return channel?.name === "pager"
    ? { body: { ok: false, message: "The receiver refused the login (401)." } }
    : {
        body: { ok: true, message: "The receiver has taken the test message." },
      };
}
