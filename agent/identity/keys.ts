import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  sign,
  verify,
  type KeyObject,
} from "node:crypto";
import {
  toBase64Url,
  type Sign,
  type Verify,
} from "@restic-manager/shared/identity/keys.ts";
import type { AgreementKey } from "@restic-manager/shared/identity/seal.ts";

/** An Ed25519 key pair made of a 32-byte seed. */
export interface SigningKey {
  readonly publicKey: Uint8Array;
  readonly sign: Sign;
}

export function signingKey(seed: Uint8Array): SigningKey {
  const key = importPrivate("Ed25519", seed);
  return {
    publicKey: rawPublic(key),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  };
}

/** An X25519 key pair of 32 private bytes. */
export function agreementKey(secret: Uint8Array): AgreementKey {
  const privateKey = importPrivate("X25519", secret);
  return {
    publicKey: rawPublic(privateKey),
    agree: (theirs) =>
      new Uint8Array(
        diffieHellman({
          privateKey,
          publicKey: importPublic("X25519", theirs),
        }),
      ),
  };
}

export const verifySignature: Verify = (publicKey, message, signature) => {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    return verify(null, message, importPublic("Ed25519", publicKey), signature);
  } catch {
    return false;
  }
};

type Curve = "Ed25519" | "X25519";

/** PKCS#8 up to the 32 private bytes. */
const privatePrefix: Record<Curve, Buffer> = {
  Ed25519: Buffer.from("302e020100300506032b657004220420", "hex"),
  X25519: Buffer.from("302e020100300506032b656e04220420", "hex"),
};

function importPrivate(curve: Curve, bytes: Uint8Array): KeyObject {
  const der = Buffer.concat([privatePrefix[curve], bytes]);
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

function importPublic(curve: Curve, bytes: Uint8Array): KeyObject {
  const jwk = { kty: "OKP", crv: curve, x: toBase64Url(bytes) };
  return createPublicKey({ key: jwk, format: "jwk" });
}

function rawPublic(key: KeyObject): Uint8Array {
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  return Uint8Array.fromBase64(x, { alphabet: "base64url" });
}
