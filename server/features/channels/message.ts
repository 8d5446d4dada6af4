import { alertKinds } from "@restic-manager/shared/domain/alert.ts";
import type { AlertMove } from "@restic-manager/shared/domain/alert.ts";
import type { Alert } from "@restic-manager/shared/api/alerts.ts";
import type { Notice } from "../../ports/notices.ts";
import type { Posted } from "../../ports/post.ts";
import type { Receiver } from "./receiver.ts";

export interface Message {
  /** The same at every try, so that a receiver knows it again. */
  readonly id: string;
  readonly at: string;
  /** Null for a test. */
  readonly notice: Notice | null;
}

/** The request that carries a message, as the receiver wants it; `docs/alerts.md` documents both. */
export function requestFor(
  receiver: Receiver,
  message: Message,
  /** RM_BASE_URL. */
  baseUrl: string | undefined,
): Posted {
  const link =
    baseUrl === undefined ? null : `${baseUrl.replace(/\/+$/, "")}/alerts`;
  const headers = {
    "Idempotency-Key": message.id,
    "User-Agent": "restic-manager",
    ...loginOf(receiver),
  };
  return receiver.kind === "webhook"
    ? webhookRequest(receiver.url, message, link, headers)
    : ntfyRequest(receiver, message, link, headers);
}

function webhookRequest(
  url: string,
  { id, at, notice }: Message,
  link: string | null,
  headers: Record<string, string>,
): Posted {
  const body = {
    version: 1,
    id,
    event: notice === null ? "test" : `alert.${notice.move}`,
    at,
    by: notice?.by ?? null,
    alert: notice && alertBody(notice.alert),
    link,
  };
  return {
    url,
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
}

function alertBody(alert: Alert) {
  return {
    id: alert.id,
    kind: alert.kind,
    severity: alert.severity,
    title: alertKinds[alert.kind].title,
    message: alert.message,
    host: named(alert.host_id, alert.host_name),
    repository: named(alert.repository_id, alert.repository_name),
    job_id: alert.job_id,
    raised_at: alert.raised_at,
  };
}

function named(id: string | null, name: string | null) {
  return id === null ? null : { id, name };
}

const words: Record<AlertMove, string> = {
  raised: "",
  acknowledged: "Acknowledged: ",
  resolved: "Resolved: ",
};
const usual = 3;
const priorities = { warning: 4, critical: 5 } as const;

function ntfyRequest(
  { url, topic }: Extract<Receiver, { kind: "ntfy" }>,
  { notice }: Message,
  link: string | null,
  headers: Record<string, string>,
): Posted {
  return {
    url: `${url}/${topic}`,
    headers: {
      ...headers,
      "Content-Type": "text/plain; charset=utf-8",
      Title: headerText(
        notice === null ? "restic-manager: test" : title(notice),
      ),
      Priority: String(
        notice?.move === "raised" ? priorities[notice.alert.severity] : usual,
      ),
      ...(link === null ? {} : { Click: link }),
    },
    body:
      notice === null
        ? "This is a test. Alerts of restic-manager arrive here."
        : text(notice),
  };
}

function title({ move, alert }: Notice): string {
  const { severity, kind, host_name, repository_name } = alert;
  const about = host_name ?? repository_name;
  const severe = severity === "critical" ? "Critical" : "Warning";
  return `${words[move]}${severe}: ${alertKinds[kind].title}${about === null ? "" : ` (${about})`}`;
}

function text({ move, by, alert }: Notice): string {
  if (move === "raised") return alert.message;
  const who = by === null ? "It no longer holds." : `By ${by}.`;
  return `${who} It said: ${alert.message}`;
}

/** A header carries ASCII; what is more travels as an encoded word, which ntfy reads. */
function headerText(plain: string): string {
  return /^[\x20-\x7e]*$/.test(plain)
    ? plain
    : `=?UTF-8?B?${Buffer.from(plain).toString("base64")}?=`;
}

function loginOf({ auth, secret, ...receiver }: Receiver) {
  if (auth === "none" || secret === null) return {};
  if (auth === "token") return { Authorization: `Bearer ${secret}` };
  const username = receiver.kind === "ntfy" ? receiver.username : "";
  const pair = Buffer.from(`${username}:${secret}`).toString("base64");
  return { Authorization: `Basic ${pair}` };
}
