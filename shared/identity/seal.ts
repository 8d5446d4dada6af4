import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Agree } from "./keys.ts";

/**
 * Sealed box: version (1 byte) ‖ ephemeral X25519 public key (32) ‖ nonce (24) ‖ XChaCha20-Poly1305 ciphertext and tag.
 * The key is HKDF-SHA256(shared secret, salt = ephemeral ‖ recipient, info = `rm-seal-v1|` + context).
 * `context` = `<host id>|<purpose>|<revision>`: a box cannot be moved to another host, use or older revision.
 */
const version = 1;

export interface AgreementKey {
  readonly publicKey: Uint8Array;
  readonly agree: Agree;
}

export function sealContext(
  hostId: string,
  purpose: SealPurpose,
  revision: string | number,
): string {
  return `${hostId}|${purpose}|${revision}`;
}

export type SealPurpose =
  "config" | "repo-test" | "job" | "restore-check" | "dump" | "repo-key";

/** `ephemeral` is a key pair made for this one box, `nonce` 24 random bytes. */
export function seal(
  plaintext: Uint8Array,
  recipient: Uint8Array,
  context: string,
  ephemeral: AgreementKey,
  nonce: Uint8Array,
): Uint8Array {
  const key = boxKey(
    ephemeral.agree(recipient),
    ephemeral.publicKey,
    recipient,
    context,
  );
  const box = xchacha20poly1305(key, nonce, utf8ToBytes(context)).encrypt(
    plaintext,
  );
  return concatBytes(Uint8Array.of(version), ephemeral.publicKey, nonce, box);
}

/** Opens a box with the recipient's key. Returns null when anything about it is wrong. */
export function unseal(
  box: Uint8Array,
  recipient: AgreementKey,
  context: string,
): Uint8Array | null {
  if (box.length < 1 + 32 + 24 + 16 || box[0] !== version) return null;
  const ephemeral = box.slice(1, 33);
  try {
    const key = boxKey(
      recipient.agree(ephemeral),
      ephemeral,
      recipient.publicKey,
      context,
    );
    return xchacha20poly1305(
      key,
      box.slice(33, 57),
      utf8ToBytes(context),
    ).decrypt(box.slice(57));
  } catch {
    return null;
  }
}

function boxKey(
  shared: Uint8Array,
  ephemeral: Uint8Array,
  recipient: Uint8Array,
  context: string,
): Uint8Array {
  return hkdf(
    sha256,
    shared,
    concatBytes(ephemeral, recipient),
    utf8ToBytes(`rm-seal-v1|${context}`),
    32,
  );
}
