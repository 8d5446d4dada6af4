import { z } from "zod";
import { hostId, timestamp } from "../domain/ids.ts";
import { signedText } from "../identity/signed.ts";

/**
 * Joining a server, over HTTP and before any access to the broker:
 *
 *   GET  /api/agents/server                 → `serverIdentity`
 *   POST /api/agents/announce               ← signed `announceDocument` → `announced`
 *   POST /api/agents/announce/:id/wait      ← signed `possessionProof`  → `waitAnswer`, held up to 25 s
 *
 * Announcing again with the same key gives the same pending host, or, once approved, the approval again: an agent that
 * died between approval and saving it loses nothing.
 *
 * With a one-time token in the announcement nobody has to approve: the first wait answers `approved`. A token is
 * refused as `token_invalid` (403), `token_used` (409) or `token_expired` (410).
 */
export const osName = z.enum(["linux", "windows", "darwin"]);
export const archName = z.enum(["x64", "arm64"]);

/** What a machine calls itself. People decide by it, so it holds nothing that hides or moves other text. */
export const machineName = z
  .string()
  .max(253)
  .regex(
    /^[^\s\p{C}]+$/u,
    "A host name holds no spaces and no control characters.",
  );

/** Signed as `rm-announce-v1` with the identity key, so its fingerprint covers the X25519 key and the server too. */
export const announceDocument = z.object({
  v: z.literal(1),
  /** Ed25519 identity key, base64url of 32 bytes. */
  public_key: z.string(),
  /** X25519 key that secrets are sealed to, base64url of 32 bytes. */
  x25519: z.string(),
  /** The server's identity key as this agent saw it. The server refuses another one, so a relay cannot swap it. */
  server_key: z.string(),
  hostname: machineName,
  os: osName,
  arch: archName,
  tz: z.string().max(64),
  agent_version: z.string().max(64),
  restic_version: z.string().max(64).nullable(),
  protocol_min: z.number().int(),
  protocol_max: z.number().int(),
  /** One-time token, sealed to the server's `sealKey` in the context `tokenContext`, base64url. */
  token: z.string().max(1024).optional(),
});
export type AnnounceDocument = z.infer<typeof announceDocument>;

/** Context of the sealed box with a one-time token: whoever copies the box cannot announce another key with it. */
export function tokenContext(publicKey: string): string {
  return `token|${publicKey}`;
}

/** What secrets for the server are sealed to; signed by the server as `rm-seal-key-v1`. */
export const sealKey = z.object({
  /** X25519, base64url of 32 bytes. */
  x25519: z.string(),
  server_key: z.string(),
});
export type SealKey = z.infer<typeof sealKey>;

export const serverIdentity = z.object({
  /** Ed25519 identity key of the server, base64url. */
  public_key: z.string(),
  fingerprint: z.string(),
  /** RFC 3339 UTC: agents reckon in server time. */
  server_time: timestamp,
  protocol_min: z.number().int(),
  protocol_max: z.number().int(),
  /** A signed `sealKey`; a server without it takes no tokens. */
  seal_key: signedText.optional(),
});
export type ServerIdentity = z.infer<typeof serverIdentity>;

export const announced = z.object({
  pending_id: z.string(),
  /** The server's echo; the agent compares it with its own and stops on a difference. */
  fingerprint: z.string(),
  /** Single-use nonce for the next wait. */
  nonce: z.string(),
  hostname_collision: z.boolean(),
  expires_at: timestamp,
});
export type Announced = z.infer<typeof announced>;

/** Signed as `rm-proof-v1` with the identity key. */
export const possessionProof = z.object({
  pending_id: z.string(),
  nonce: z.string(),
  /** The server's identity key, base64url: a proof for one server is worthless at another. */
  server_key: z.string(),
  /** Random, 16 to 64 characters: a refusal names it, so that none can be used again. */
  challenge: z.string().min(16).max(64),
});
export type PossessionProof = z.infer<typeof possessionProof>;

/** What approval gives an agent; signed by the server as `rm-approval-v1`. */
export const approval = z.object({
  host_id: hostId,
  host_name: z.string(),
  /** The agent's own key, so that an approval cannot be handed to another agent. */
  public_key: z.string(),
  server_key: z.string(),
  /** NATS user JWT. */
  jwt: z.string(),
  approved_at: timestamp,
});
export type Approval = z.infer<typeof approval>;

/** A rejection is the API error `rejected` (410) with a signed `refusal`, an expired announcement `pending_not_found` (404). */
export const waitAnswer = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("pending"),
    nonce: z.string(),
    expires_at: timestamp,
  }),
  z.object({
    status: z.literal("approved"),
    approval: signedText,
  }),
]);
export type WaitAnswer = z.infer<typeof waitAnswer>;
