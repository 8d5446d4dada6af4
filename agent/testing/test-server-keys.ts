import {
  publicKeyBytes,
  toBase64Url,
} from "@restic-manager/shared/identity/keys.ts";
import {
  openSigned,
  parseJson,
  signedText,
  type SignPurpose,
} from "@restic-manager/shared/identity/signed.ts";
import {
  rotateRequest,
  rotationProof,
} from "@restic-manager/shared/protocol/identity.ts";
import type { z } from "zod";
import type { Identity } from "../identity/identity.ts";
import { verifySignature } from "../identity/keys.ts";

/** What the server says about a key over HTTP. */
export type KeyStanding = "approved" | "host_unknown" | "host_revoked";

/** The keys of one host as its server knows them. */
export interface HostKeys {
  /** Newest last: Ed25519, base64url. */
  all(): readonly string[];
  x25519(): Uint8Array;
  standing(publicKey: string): KeyStanding;
  /** What was signed by the present key, or by one that was replaced not long ago. */
  open<T>(purpose: SignPurpose, text: string, schema: z.ZodType<T>): T | null;
  /** Takes the new key of a `req.rotate`; throws when its proof is wrong. */
  rotate(request: unknown): string;
  add(next: Identity): void;
  setStanding(standing: KeyStanding): void;
}

export function createHostKeys(agent: Identity): HostKeys {
  const keys = [toBase64Url(agent.publicKey)];
  let agreement = agent.agreement.publicKey;
  let gone: KeyStanding | null = null;

  return {
    all: () => keys,
    x25519: () => agreement,
    standing(publicKey) {
      if (!keys.includes(publicKey)) return "host_unknown";
      return gone ?? (publicKey === keys.at(-1) ? "approved" : "host_revoked");
    },
    open(purpose, text, schema) {
      const signed = parseJson(text, signedText);
      if (signed === null) return null;
      for (const key of keys) {
        const opened = openSigned(
          purpose,
          signed,
          publicKeyBytes(key) ?? new Uint8Array(),
          verifySignature,
          schema,
        );
        if (opened !== null) return opened;
      }
      return null;
    },
    rotate(request) {
      const { host, t, public_key, x25519, proof } =
        rotateRequest.parse(request);
      const opened = openSigned(
        "rm-rotate-v1",
        proof,
        publicKeyBytes(public_key) ?? new Uint8Array(),
        verifySignature,
        rotationProof,
      );
      if (opened?.host !== host || opened.x25519 !== x25519 || opened.t !== t)
        throw new Error("the proof of the new key is wrong");
      if (!keys.includes(public_key)) keys.push(public_key);
      agreement = publicKeyBytes(x25519) ?? new Uint8Array();
      return public_key;
    },
    add(next) {
      keys.push(toBase64Url(next.publicKey));
      agreement = next.agreement.publicKey;
    },
    setStanding: (standing) =>
      void (gone = standing === "approved" ? null : standing),
  };
}
