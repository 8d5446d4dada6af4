import { z } from "zod";
import { severities } from "../domain/alert.ts";
import { timestamp, ulidText } from "../domain/ids.ts";

/** An address messages are sent to: http or https, without user name, password or fragment in it. */
const receiverUrl = z
  .url({ protocol: /^https?$/, error: "Use an http:// or https:// address." })
  .trim()
  .max(2048)
  .regex(
    /^https?:\/\/[^\s/?#@\\]+(?:[/?][^\s#\\]*)?$/i,
    "Leave out spaces and what follows #; user name, password and token have their own fields.",
  );

const common = {
  name: z.string().trim().min(1, "Name the channel.").max(64),
  enabled: z.boolean(),
  /** Alerts of which severities are told here. */
  severities: z.array(z.enum(severities)).min(1, "Choose at least one.").max(2),
};

/** A secret that is typed: absent or blank keeps what is stored. */
const secret = z
  .string()
  .max(1024)
  // It travels in a header, which carries one line.
  .regex(/^[^\r\n\0]*$/, "Use one line.")
  .optional();

/** JSON by POST; `token` travels as `Authorization: Bearer`. */
export const webhookSpec = z.strictObject({
  kind: z.literal("webhook"),
  ...common,
  url: receiverUrl,
  auth: z.enum(["none", "token"]),
  secret,
});

/** A topic of an ntfy server, for example `https://ntfy.sh`. `secret` is the access token or the password. */
export const ntfySpec = z.strictObject({
  kind: z.literal("ntfy"),
  ...common,
  url: receiverUrl
    .regex(/^[^?]*$/, "Leave out what follows the question mark.")
    .transform((url) => url.replace(/\/+$/, "")),
  topic: z
    .string()
    .regex(
      /^[A-Za-z0-9_-]{1,64}$/,
      "Use up to 64 letters, digits, dashes or underscores.",
    ),
  auth: z.enum(["none", "token", "basic"]),
  username: z
    .string()
    .max(256)
    .regex(/^[^:\r\n\0]*$/, "Use one line without a colon.")
    .optional(),
  secret,
});

/** POST /api/channels → 201 `channel`; PUT /api/channels/:id → `channel`. */
export const channelSpec = z.discriminatedUnion("kind", [
  webhookSpec,
  ntfySpec,
]);
export type ChannelSpec = z.output<typeof channelSpec>;

const seen = {
  id: ulidText,
  ...common,
  secret_set: z.boolean(),
  created_at: timestamp,
  /** Messages that were not delivered yet. */
  waiting: z.number().int(),
  last_delivered_at: timestamp.nullable(),
  /** Why the last try failed; null after one that worked. */
  last_error: z.string().nullable(),
};
export const channel = z.discriminatedUnion("kind", [
  z.object({
    ...seen,
    kind: z.literal("webhook"),
    url: z.string(),
    auth: webhookSpec.shape.auth,
  }),
  z.object({
    ...seen,
    kind: z.literal("ntfy"),
    url: z.string(),
    topic: z.string(),
    auth: ntfySpec.shape.auth,
    username: z.string().nullable(),
  }),
]);
export type Channel = z.infer<typeof channel>;

export const maxChannels = 50;
/** GET /api/channels */
export const channelList = z.object({
  channels: z.array(channel).max(maxChannels),
});
export type ChannelList = z.infer<typeof channelList>;

/** POST /api/channels/:id/test, body `{}`: one message over the real path, the result at once. */
export const channelTest = z.object({
  ok: z.boolean(),
  /** What happened, for a person. */
  message: z.string(),
});
export type ChannelTest = z.infer<typeof channelTest>;
