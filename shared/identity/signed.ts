import { utf8ToBytes } from "@noble/hashes/utils.js";
import { z } from "zod";
import { fromBase64Url, type Sign, toBase64Url, type Verify } from "./keys.ts";

/**
 * A JSON text and the Ed25519 signature over exactly that text, prefixed by its purpose so that a signature made
 * for one use is worthless for another. Never signed: a re-serialisation.
 */
export const signedText = z.object({
  /** The exact JSON text. */
  b: z.string(),
  /** base64url signature over `<purpose>\n<b>`. */
  s: z.string(),
});

export type SignedText = z.infer<typeof signedText>;

export type SignPurpose =
  | "rm-announce-v1"
  | "rm-proof-v1"
  | "rm-approval-v1"
  | "rm-command-v1"
  | "rm-reply-v1"
  | "rm-request-v1"
  | "rm-event-v1"
  | "rm-heartbeat-v1"
  | "rm-session-v1"
  | "rm-rotate-v1"
  | "rm-seal-key-v1"
  | "rm-refusal-v1"
  | "rm-stream-v1";

export function signText(
  purpose: SignPurpose,
  body: unknown,
  sign: Sign,
): SignedText {
  return signExact(purpose, JSON.stringify(body), sign);
}

/** The same for a body that is JSON text already. */
export function signExact(
  purpose: SignPurpose,
  b: string,
  sign: Sign,
): SignedText {
  return { b, s: toBase64Url(sign(signedBytes(purpose, b))) };
}

/** The parsed body when the signature is by `publicKey` and the body fits `schema`; null otherwise. */
export function openSigned<T>(
  purpose: SignPurpose,
  signed: SignedText,
  publicKey: Uint8Array,
  verify: Verify,
  schema: z.ZodType<T>,
): T | null {
  const signature = fromBase64Url(signed.s);
  if (signature === null || signature.length !== 64) return null;
  if (!verify(publicKey, signedBytes(purpose, signed.b), signature))
    return null;
  return parseJson(signed.b, schema);
}

/** Parses a JSON text by a schema; null when it is not JSON or does not fit. */
export function parseJson<T>(text: string, schema: z.ZodType<T>): T | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : null;
}

function signedBytes(purpose: SignPurpose, text: string): Uint8Array {
  return utf8ToBytes(`${purpose}\n${text}`);
}
