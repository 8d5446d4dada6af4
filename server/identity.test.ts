import {
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
} from "node:crypto";
import { expect, test } from "bun:test";
import { fromBase64Url } from "@restic-manager/shared/identity/keys.ts";
import {
  seal,
  sealContext,
  unseal,
} from "@restic-manager/shared/identity/seal.ts";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { createSealedSecrets } from "./adapters/sealed-secrets.ts";
import { openSqlite } from "./adapters/sqlite-db.ts";
import { identityOf, openServerIdentity, verifySignature } from "./identity.ts";
import { createRandom } from "./random.ts";
import { agreementKey } from "./testing/test-endpoint.ts";

const clock = createManualClock();
const random = createRandom(clock);
const message = new TextEncoder().encode("a message");

function hex(text: string): Uint8Array {
  return Uint8Array.fromHex(text);
}

test("keys and signatures are those of RFC 8032, section 7.1 [TST-03]", () => {
  const identity = identityOf(
    hex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"),
    random,
  );
  const signature = hex(
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  );
  expect(identity.publicKey).toEqual(
    hex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"),
  );
  expect(identity.sign(hex("af82"))).toEqual(signature);
  expect(verifySignature(identity.publicKey, hex("af82"), signature)).toBe(
    true,
  );
});

test("a changed message, signature or key does not verify, nor does a key of another length", () => {
  const { publicKey, sign } = identityOf(random.bytes(32), random);
  const signature = sign(message);
  const flip = (bytes: Uint8Array) => bytes.with(3, (bytes[3] ?? 0) ^ 1);
  expect(verifySignature(publicKey, message, signature)).toBe(true);
  expect(verifySignature(publicKey, flip(message), signature)).toBe(false);
  expect(verifySignature(publicKey, message, flip(signature))).toBe(false);
  expect(verifySignature(flip(publicKey), message, signature)).toBe(false);
  expect(verifySignature(publicKey.slice(1), message, signature)).toBe(false);
  expect(verifySignature(publicKey, message, signature.slice(1))).toBe(false);
});

test("the identity is minted once, and the store holds no trace of its seed", async () => {
  const { db } = openSqlite(":memory:");
  const secrets = createSealedSecrets(random.bytes(32), random);
  const first = await openServerIdentity({ db, secrets, random, clock });
  const again = await openServerIdentity({ db, secrets, random, clock });
  expect(again.fingerprint).toBe(first.fingerprint);
  expect(await db.selectFrom("keys").select("name").execute()).toHaveLength(1);
});

test("an identity that does not open stops the start and is kept", async () => {
  const { db } = openSqlite(":memory:");
  const open = (key: Uint8Array) =>
    openServerIdentity({
      db,
      secrets: createSealedSecrets(key, random),
      random,
      clock,
    });
  const key = random.bytes(32);
  const { fingerprint } = await open(key);
  await expect(open(random.bytes(32))).rejects.toThrow();
  expect((await open(key)).fingerprint).toBe(fingerprint);
});

test("a box opens for its host, purpose and revision only", () => {
  const pair = generateKeyPairSync("x25519");
  const publicKey = fromBase64Url(
    pair.publicKey.export({ format: "jwk" }).x ?? "",
  );
  if (publicKey === null) throw new Error("no public key");
  const recipient = {
    publicKey,
    agree: (other: Uint8Array) =>
      new Uint8Array(
        diffieHellman({
          privateKey: pair.privateKey,
          publicKey: createPublicKey({
            key: {
              kty: "OKP",
              crv: "X25519",
              x: Buffer.from(other).toString("base64url"),
            },
            format: "jwk",
          }),
        }),
      ),
  };
  const host = { id: "h0000000000000001", x25519: publicKey };
  const identity = identityOf(random.bytes(32), random);
  const box = identity.sealFor(host, "config", 7, message);
  const open = (context: string) => unseal(box, recipient, context);
  expect(open(sealContext(host.id, "config", 7))).toEqual(message);
  expect(open(sealContext(host.id, "config", 6))).toBeNull();
  expect(open(sealContext(host.id, "repo-test", 7))).toBeNull();
  expect(open(sealContext("h0000000000000002", "config", 7))).toBeNull();
  expect(identity.sealFor(host, "config", 7, message)).not.toEqual(box);
});

test("what is sealed to the server opens for it alone, and for the one purpose", () => {
  const seed = random.bytes(32);
  const { sealKey, publicKey, open } = identityOf(seed, random);
  const box = seal(
    message,
    sealKey,
    "token|a",
    agreementKey(),
    random.bytes(24),
  );
  expect(open(box, "token|a")).toEqual(message);
  expect(open(box, "token|b")).toBeNull();
  expect(open(box.with(60, (box[60] ?? 0) ^ 1), "token|a")).toBeNull();
  expect(identityOf(random.bytes(32), random).open(box, "token|a")).toBeNull();
  expect(identityOf(seed, random).sealKey).toEqual(sealKey);
  expect(sealKey).not.toEqual(publicKey);
});
