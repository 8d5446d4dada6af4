import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import type { SealPurpose, Secrets } from "../ports/secrets.ts";
import type { Random } from "../random.ts";

const boxVersion = 1;
const nonceLength = 24;

/** Boxes of XChaCha20-Poly1305: version byte, 24-byte nonce, ciphertext with tag. */
export function createSealedSecrets(
  key: Uint8Array,
  random: Pick<Random, "bytes">,
): Secrets {
  return {
    seal(purpose, id, plaintext) {
      const nonce = random.bytes(nonceLength);
      const cipher = xchacha20poly1305(key, nonce, binding(purpose, id));
      return concat(
        Uint8Array.of(boxVersion),
        nonce,
        cipher.encrypt(plaintext),
      );
    },
    open(purpose, id, box) {
      if (box[0] !== boxVersion) {
        throw new Error(`Unknown version of a sealed secret: ${box[0]}`);
      }
      const nonce = box.subarray(1, 1 + nonceLength);
      const cipher = xchacha20poly1305(key, nonce, binding(purpose, id));
      return cipher.decrypt(box.subarray(1 + nonceLength));
    },
  };
}

/** Purposes hold no `|`, so no two pairs give the same bytes. */
function binding(purpose: SealPurpose, id: string): Uint8Array {
  return new TextEncoder().encode(`rm-rest-v1|${purpose}|${id}`);
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
