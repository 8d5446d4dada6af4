import { bytesToUtf8 } from "@noble/ciphers/utils.js";
import { sha512_256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { z } from "zod";
import { fromBase64Url, type Sign, toBase64Url } from "./keys.ts";
import { toBase32 } from "./nkey.ts";
import { parseJson } from "./signed.ts";

/** A NATS claim. Instants are whole seconds since the Unix epoch, keys are nkey texts. */
export interface NatsClaim {
  /** Public key of the signer. */
  readonly issuer: string;
  /** Public key the claim is about. */
  readonly subject: string;
  readonly name: string;
  readonly issuedAt: number;
  readonly expiresAt?: number;
  /** The `nats` part of the claim: type, limits, permissions. */
  readonly nats: NatsClaimBody;
}

export interface NatsClaimBody {
  readonly type: "operator" | "account" | "user";
  readonly version: 2;
  readonly [field: string]: unknown;
}

const header = toBase64Url(utf8ToBytes('{"typ":"JWT","alg":"ed25519-nkey"}'));

/** The JWT text of a claim; `sign` holds the issuer's private key. */
export function signNatsJwt(claim: NatsClaim, sign: Sign): string {
  const claims = {
    iat: claim.issuedAt,
    iss: claim.issuer,
    name: claim.name,
    sub: claim.subject,
    ...(claim.expiresAt === undefined ? {} : { exp: claim.expiresAt }),
    nats: claim.nats,
  };
  // The id is the hash of the claims without an id, as the reference implementation makes it.
  const jti = toBase32(sha512_256(utf8ToBytes(JSON.stringify(claims))));
  const body = toBase64Url(utf8ToBytes(JSON.stringify({ ...claims, jti })));
  const signed = `${header}.${body}`;
  return `${signed}.${toBase64Url(sign(utf8ToBytes(signed)))}`;
}

const readable = z.object({
  name: z.string(),
  /** Public key of the signer. */
  iss: z.string(),
  /** Whole seconds since the Unix epoch. */
  iat: z.int(),
  exp: z.int().optional(),
});

/** What a JWT says about its holder, or null. Not verified: for the holder itself, or after the broker let it in. */
export function readNatsJwt(text: string): z.infer<typeof readable> | null {
  const body = fromBase64Url(text.split(".")[1] ?? "");
  return body === null ? null : parseJson(bytesToUtf8(body), readable);
}
