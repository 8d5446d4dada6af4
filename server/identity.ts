import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  sign,
  verify,
} from "node:crypto";
import type { KeyObject } from "node:crypto";
import { toTimestamp, type Clock } from "@restic-manager/shared/clock.ts";
import {
  fingerprintOf,
  type Fingerprint,
} from "@restic-manager/shared/identity/fingerprint.ts";
import {
  toBase64Url,
  type Sign,
  type Verify,
} from "@restic-manager/shared/identity/keys.ts";
import {
  seal,
  sealContext,
  unseal,
  type AgreementKey,
  type SealPurpose,
} from "@restic-manager/shared/identity/seal.ts";
import type { Db } from "./ports/db.ts";
import type { Secrets } from "./ports/secrets.ts";
import type { Random } from "./random.ts";

/** The server's Ed25519 key: agents pin it when they are approved and obey nobody else. */
export interface ServerIdentity {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The same as base64url, 43 characters, as agents name it. */
  readonly publicKeyText: string;
  readonly fingerprint: Fingerprint;
  readonly sign: Sign;
  /**
   * Seals bytes to one host's X25519 key. `revision` is the configuration's revision or the command's id: the box
   * opens for nothing else.
   */
  sealFor(
    host: SealRecipient,
    purpose: SealPurpose,
    revision: string | number,
    plaintext: Uint8Array,
  ): Uint8Array;
  /** X25519, 32 bytes: what agents seal to that must reach this server alone. */
  readonly sealKey: Uint8Array;
  /** Opens such a box; null when anything about it is wrong. */
  open(box: Uint8Array, context: string): Uint8Array | null;
}

export interface SealRecipient {
  readonly id: string;
  /** Raw X25519, 32 bytes. */
  readonly x25519: Uint8Array;
}

/** Its row in `keys`. */
export const identityKeyName = "server_identity";
/** PKCS#8 up to the 32 bytes of the private key. */
const pkcs8Prefix = {
  Ed25519: "302e020100300506032b657004220420",
  X25519: "302e020100300506032b656e04220420",
};

/**
 * Opens the server's identity, minting it on the very first start. A new one would need every agent to be approved
 * again, so a stored key that does not open is an error and is never replaced.
 */
export async function openServerIdentity(deps: {
  db: Db;
  secrets: Secrets;
  random: Random;
  clock: Clock;
}): Promise<ServerIdentity> {
  const row = await deps.db
    .selectFrom("keys")
    .select("sealed")
    .where("name", "=", identityKeyName)
    .executeTakeFirst();
  if (row !== undefined) {
    const seed = deps.secrets.open(
      "server-identity",
      identityKeyName,
      row.sealed,
    );
    return identityOf(seed, deps.random);
  }
  const seed = deps.random.bytes(32);
  await deps.db
    .insertInto("keys")
    .values({
      name: identityKeyName,
      sealed: deps.secrets.seal("server-identity", identityKeyName, seed),
      updated_at: toTimestamp(deps.clock.now()),
    })
    .execute();
  return identityOf(seed, deps.random);
}

/** The identity of a 32-byte seed. */
export function identityOf(seed: Uint8Array, random: Random): ServerIdentity {
  const privateKey = ed25519Key(seed);
  const publicKey = rawPublicKey(createPublicKey(privateKey));
  // From the same seed, so that there is one secret to keep, and apart from it: one key never does two things.
  const info = "rm-server-seal-key-v1";
  const sealSeed = new Uint8Array(hkdfSync("sha256", seed, "", info, 32));
  const sealKey = agreementKey(privateKeyOf("X25519", sealSeed));
  return {
    publicKey,
    publicKeyText: toBase64Url(publicKey),
    fingerprint: fingerprintOf(publicKey),
    sign: (message) => new Uint8Array(sign(null, message, privateKey)),
    sealFor: (host, purpose, revision, plaintext) =>
      seal(
        plaintext,
        host.x25519,
        sealContext(host.id, purpose, revision),
        ephemeralKey(),
        random.bytes(24),
      ),
    sealKey: sealKey.publicKey,
    open: (box, context) => unseal(box, sealKey, context),
  };
}

/** The private key of a 32-byte Ed25519 seed. */
export function ed25519Key(seed: Uint8Array): KeyObject {
  return privateKeyOf("Ed25519", seed);
}

function privateKeyOf(
  curve: "Ed25519" | "X25519",
  bytes: Uint8Array,
): KeyObject {
  const prefix = Buffer.from(pkcs8Prefix[curve], "hex");
  return createPrivateKey({
    key: Buffer.concat([prefix, bytes]),
    format: "der",
    type: "pkcs8",
  });
}

export const verifySignature: Verify = (publicKey, message, signature) => {
  if (publicKey.length !== 32) return false;
  const key = importPublicKey("Ed25519", publicKey);
  return verify(null, message, key, signature);
};

/** An X25519 key pair made for one box. */
function ephemeralKey(): AgreementKey {
  return agreementKey(generateKeyPairSync("x25519").privateKey);
}

function agreementKey(privateKey: KeyObject): AgreementKey {
  return {
    publicKey: rawPublicKey(createPublicKey(privateKey)),
    agree: (other) =>
      new Uint8Array(
        diffieHellman({
          privateKey,
          publicKey: importPublicKey("X25519", other),
        }),
      ),
  };
}

function importPublicKey(
  curve: "Ed25519" | "X25519",
  bytes: Uint8Array,
): KeyObject {
  const jwk = { kty: "OKP", crv: curve, x: toBase64Url(bytes) };
  return createPublicKey({ key: jwk, format: "jwk" });
}

function rawPublicKey(key: KeyObject): Uint8Array {
  return Uint8Array.fromBase64(key.export({ format: "jwk" }).x ?? "", {
    alphabet: "base64url",
  });
}
