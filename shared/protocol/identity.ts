import { z } from "zod";
import { signedText } from "../identity/signed.ts";
import { hostId, timestamp } from "../domain/ids.ts";

/*
 * How an approved agent keeps its access. Over its connection: `req.renew` for a fresh JWT, `req.rotate` for a fresh
 * key. Without one: POST /api/agents/session, which tells an agent that was away from one that was removed.
 */

/** `req.renew`, signed as `rm-request-v1` → `renewAnswer`, signed as `rm-reply-v1`. Asked at the JWT's half life. */
export const renewRequest = z.object({ host: hostId, t: timestamp });
export const renewAnswer = z.object({
  host: hostId,
  t: timestamp,
  /** NATS user JWT of the key that signed the request. */
  jwt: z.string(),
});
export type RenewAnswer = z.infer<typeof renewAnswer>;

/**
 * `req.rotate`, signed as `rm-request-v1` with the old key → `rotateAnswer`. Answered within a minute of
 * `cmd.key.rotate`, once, when `t` is not before it: an agent whose answer got lost asks for a session with the new key, and
 * keeps that key until the minute is over.
 */
export const rotateRequest = z.object({
  host: hostId,
  t: timestamp,
  /** The new Ed25519 key, base64url of 32 bytes. */
  public_key: z.string(),
  /** The new X25519 key, base64url of 32 bytes. */
  x25519: z.string(),
  /** A `rotationProof`, signed as `rm-rotate-v1` with the new key. */
  proof: signedText,
});
export type RotateRequest = z.infer<typeof rotateRequest>;

/** Shows that the new key is its holder's, and made for this host of this server. Its fields are those of the request. */
export const rotationProof = z.object({
  host: hostId,
  public_key: z.string(),
  x25519: z.string(),
  server_key: z.string(),
  t: timestamp,
});
export type RotationProof = z.infer<typeof rotationProof>;

export const rotateAnswer = z.object({
  host: hostId,
  t: timestamp,
  /** An `approval` of the new key, signed as `rm-approval-v1`. */
  approval: signedText,
});
export type RotateAnswer = z.infer<typeof rotateAnswer>;

/** How far the time in a `sessionRequest` may be from the server's, in milliseconds. */
export const sessionWindowMs = 5 * 60_000;

/** POST /api/agents/session, signed as `rm-session-v1` with the agent's key. */
export const sessionRequest = z.object({
  v: z.literal(1),
  public_key: z.string(),
  /** The server's identity key, base64url: worthless at another server. */
  server_key: z.string(),
  /** Server time, from GET /api/agents/server. */
  t: timestamp,
  /** Random, 16 to 64 characters: a refusal names it, so that none can be used again. */
  nonce: z.string().min(16).max(64),
});
export type SessionRequest = z.infer<typeof sessionRequest>;

/**
 * Refused with the API error `host_revoked` (410) when the key was removed or replaced by another, and with
 * `host_unknown` (404) when this server never approved it.
 */
export const sessionAnswer = z.object({ approval: signedText });
export type SessionAnswer = z.infer<typeof sessionAnswer>;

/**
 * A definite no, signed as `rm-refusal-v1` by the server and sent with the API error of its code. A host that is backed up
 * stops, throws a key away or announces itself anew for nothing less: whoever is in between could otherwise end its backups.
 */
export const refusal = z.object({
  code: z.enum(["host_revoked", "host_unknown", "rejected"]),
  /** The key that is refused. */
  public_key: z.string(),
  /** What was asked: the `nonce` of a session, the `challenge` of a proof. */
  about: z.string(),
});
export type Refusal = z.infer<typeof refusal>;
