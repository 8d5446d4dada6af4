import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** `SHA256:` and 64 lower-case hex digits of the SHA-256 of a raw 32-byte public key. */
export type Fingerprint = `SHA256:${string}`;

export function fingerprintOf(publicKey: Uint8Array): Fingerprint {
  return `SHA256:${bytesToHex(sha256(publicKey))}`;
}

/**
 * Reads a fingerprint as people paste it: spaces, line breaks, colons and dashes between groups and upper case do
 * not matter, the `SHA256:` in front may be missing. Returns null when it is not 64 hex digits.
 */
export function parseFingerprint(text: string): Fingerprint | null {
  const hex = text
    .replace(/^\s*sha256:/i, "")
    .replaceAll(/[\s:-]/g, "")
    .toLowerCase();
  return /^[0-9a-f]{64}$/.test(hex) ? `SHA256:${hex}` : null;
}

/** The 16 groups of four digits in which a fingerprint is shown. */
export function fingerprintGroups(fingerprint: Fingerprint): string[] {
  return fingerprint.slice("SHA256:".length).match(/.{4}/g) ?? [];
}
