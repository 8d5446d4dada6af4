import { z } from "zod";
import type { ChannelSpec } from "@restic-manager/shared/api/channels.ts";
import { AppError } from "../../app-error.ts";
import type { Secrets } from "../../ports/secrets.ts";

const sealedPart = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("webhook"),
    url: z.string(),
    auth: z.enum(["none", "token"]),
    secret: z.string().nullable(),
  }),
  z.object({
    kind: z.literal("ntfy"),
    url: z.string(),
    topic: z.string(),
    auth: z.enum(["none", "token", "basic"]),
    username: z.string().nullable(),
    secret: z.string().nullable(),
  }),
]);

/** Where a channel sends to and how it logs in there: what is stored as a box. */
export type Receiver = z.infer<typeof sealedPart>;

export interface ReceiverBox {
  seal(channelId: string, receiver: Receiver): Uint8Array;
  open(channelId: string, sealed: Uint8Array): Receiver;
}

export function createReceiverBox(secrets: Secrets): ReceiverBox {
  return {
    seal: (id, receiver) =>
      secrets.seal(
        "notification-channel",
        id,
        new TextEncoder().encode(JSON.stringify(receiver)),
      ),
    open: (id, sealed) =>
      sealedPart.parse(
        JSON.parse(
          new TextDecoder().decode(
            secrets.open("notification-channel", id, sealed),
          ),
        ),
      ),
  };
}

/**
 * The receiver that a form asks for. A secret left blank keeps the stored one, but never for another server or login:
 * whoever may edit a channel could otherwise have the secret sent to themselves.
 * @throws AppError `invalid_request` naming the field that is missing
 */
export function receiverOf(
  spec: ChannelSpec,
  before: Receiver | null,
): Receiver {
  const { url, auth } = spec;
  const username = spec.kind === "ntfy" ? spec.username?.trim() || null : null;
  if (auth === "basic" && username === null)
    throw missing("username", "Give the user name.");
  const secret = secretOf(spec, before);
  if (spec.kind === "webhook")
    return { kind: "webhook", url, auth: spec.auth, secret };
  const { topic } = spec;
  return { kind: "ntfy", url, topic, auth: spec.auth, username, secret };
}

function secretOf(spec: ChannelSpec, before: Receiver | null): string | null {
  if (spec.auth === "none") return null;
  if (spec.secret !== undefined && spec.secret !== "") return spec.secret;
  const what = spec.auth === "token" ? "token" : "password";
  if (before === null || before.secret === null)
    throw missing("secret", `Give the ${what}.`);
  const isSame =
    before.auth === spec.auth &&
    new URL(before.url).origin === new URL(spec.url).origin;
  if (!isSame)
    throw missing(
      "secret",
      `Give the ${what} again: the stored one belongs to another server or login.`,
    );
  return before.secret;
}

function missing(field: string, message: string): AppError {
  return new AppError("invalid_request", {
    fields: { [field]: { code: "required", message } },
  });
}
