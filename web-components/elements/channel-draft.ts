import type {
  Channel,
  ChannelSpec,
} from "@restic-manager/shared/api/channels.ts";
import type { Severity } from "@restic-manager/shared/domain/alert.ts";

/** What stands in the form of a notification channel. */
export interface ChannelDraft {
  readonly kind: ChannelSpec["kind"];
  readonly name: string;
  readonly enabled: boolean;
  readonly severities: readonly Severity[];
  readonly url: string;
  readonly topic: string;
  readonly auth: "none" | "token" | "basic";
  readonly username: string;
  readonly secret: string;
}

export function channelDraft(channel: Channel | null): ChannelDraft {
  const empty: ChannelDraft = {
    kind: "ntfy",
    name: "",
    enabled: true,
    severities: ["warning", "critical"],
    url: "",
    topic: "",
    auth: "none",
    username: "",
    secret: "",
  };
  if (channel === null) return empty;
  const { kind, name, enabled, severities, url, auth } = channel;
  const shown = { kind, name, enabled, severities, url, auth };
  if (channel.kind === "webhook") return { ...empty, ...shown };
  const { topic, username } = channel;
  return { ...empty, ...shown, topic, username: username ?? "" };
}

export function channelSpec(draft: ChannelDraft): ChannelSpec {
  const { name, enabled, url, secret } = draft;
  const severities = [...draft.severities];
  const common = { name, enabled, severities, url, secret };
  if (draft.kind === "webhook")
    return {
      kind: "webhook",
      ...common,
      // A webhook knows no password: the form offers none.
      auth: draft.auth === "token" ? "token" : "none",
    };
  const { topic, auth, username } = draft;
  return { kind: "ntfy", ...common, topic, auth, username };
}
