import type { ChannelSpec } from "@restic-manager/shared/api/channels.ts";
import type {
  AlertKind,
  Severity,
} from "@restic-manager/shared/domain/alert.ts";
import type { Flag, Json, Sealed, Timestamp } from "./columns.ts";

/** Something that a person should know of; open until it no longer holds or a person resolves it. */
export interface AlertRow {
  id: string;
  kind: AlertKind;
  /** Id of what it is about. One kind is unresolved for one subject once. */
  subject: string;
  /** Null when it is about a repository. */
  host_id: string | null;
  repository_id: string | null;
  job_id: string | null;
  severity: Severity;
  message: string;
  /** Names the newest occurrence: the same one neither counts again nor opens again what a person has resolved. */
  cause: string;
  raised_at: Timestamp;
  last_seen_at: Timestamp;
  acknowledged_at: Timestamp | null;
  acknowledged_by: string | null;
  resolved_at: Timestamp | null;
  /** Null: it ended by itself. */
  resolved_by: string | null;
}

export interface NotificationChannelRow {
  id: string;
  name: string;
  kind: ChannelSpec["kind"];
  enabled: Flag;
  severities: Json;
  /** Address and login. */
  sealed: Sealed;
  created_at: Timestamp;
  updated_at: Timestamp;
  last_delivered_at: Timestamp | null;
  last_error: string | null;
}

/** One message to one channel. */
export interface NotificationRow {
  /** What the receiver gets as `Idempotency-Key`, the same at every try. */
  id: string;
  channel_id: string;
  alert_id: string;
  /** A `Notice`, as it was when it happened. */
  notice: Json;
  state: "waiting" | "delivered" | "given_up";
  attempts: number;
  next_at: Timestamp;
  created_at: Timestamp;
}
