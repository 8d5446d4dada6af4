/** Signs with the private key its maker holds. Returns 64 bytes. node:crypto in both executables. */
export type Sign = (message: Uint8Array) => Uint8Array;

/** Verifies an Ed25519 signature. Returns false, never throws, for malformed keys and signatures. */
export type Verify = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => boolean;

/** X25519 key agreement of the holder's private key with a 32-byte public key: 32 bytes. Throws on a zero point. */
export type Agree = (publicKey: Uint8Array) => Uint8Array;

export function toBase64Url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** Decodes canonical base64url without padding. Returns null for anything else. */
export function fromBase64Url(text: string): Uint8Array | null {
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
    // One text for one value: a second spelling of the same bytes must not pass as another key or nonce.
    return toBase64Url(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}

/** The 32 bytes of a public key text (base64url, 43 characters), or null when it is not exactly that. */
export function publicKeyBytes(text: string): Uint8Array | null {
  const bytes = fromBase64Url(text);
  return bytes !== null && bytes.length === 32 ? bytes : null;
}
