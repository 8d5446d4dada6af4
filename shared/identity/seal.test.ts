import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import {
  bytesToHex,
  concatBytes,
  hexToBytes,
  utf8ToBytes,
} from "@noble/hashes/utils.js";
import { describe, expect, test } from "bun:test";
import { type AgreementKey, seal, sealContext, unseal } from "./seal.ts";

// Alice and Bob of RFC 7748, section 6.1.
const alice = keyOf(
  "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
);
const bob = keyOf(
  "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
);
const agreed =
  "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

function keyOf(secret: string): AgreementKey {
  const secretKey = hexToBytes(secret);
  return {
    publicKey: x25519.getPublicKey(secretKey),
    agree: (other) => x25519.getSharedSecret(secretKey, other),
  };
}

function range(from: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => from + i);
}

describe("a box is made of published parts [TST-03]", () => {
  test("X25519 as in RFC 7748, section 6.1", () => {
    expect(bytesToHex(alice.publicKey)).toBe(
      "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
    );
    expect(bytesToHex(alice.agree(bob.publicKey))).toBe(agreed);
    expect(bytesToHex(bob.agree(alice.publicKey))).toBe(agreed);
  });

  test("HKDF-SHA256 as in RFC 5869, appendix A.1", () => {
    const okm = hkdf(
      sha256,
      new Uint8Array(22).fill(0x0b),
      range(0, 13),
      range(0xf0, 10),
      42,
    );
    expect(bytesToHex(okm)).toBe(
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    );
  });

  test("XChaCha20-Poly1305 as in draft-irtf-cfrg-xchacha-03, appendix A.3.1", () => {
    const text = utf8ToBytes(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    );
    const cipher = xchacha20poly1305(
      range(0x80, 32),
      range(0x40, 24),
      hexToBytes("50515253c0c1c2c3c4c5c6c7"),
    );
    const box = hexToBytes(
      "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb" +
        "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452" +
        "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9" +
        "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49",
    );
    expect(cipher.encrypt(text)).toEqual(box);
    expect(cipher.decrypt(box)).toEqual(text);
  });

  test("put together as the wire's description says", () => {
    const nonce = range(0, 24);
    const context = "habcdefghijkl|config|7";
    const key = hkdf(
      sha256,
      hexToBytes(agreed),
      concatBytes(alice.publicKey, bob.publicKey),
      utf8ToBytes(`rm-seal-v1|${context}`),
      32,
    );
    const text = utf8ToBytes("a secret");
    const box = concatBytes(
      Uint8Array.of(1),
      alice.publicKey,
      nonce,
      xchacha20poly1305(key, nonce, utf8ToBytes(context)).encrypt(text),
    );
    expect(sealContext("habcdefghijkl", "config", 7)).toBe(context);
    expect(seal(text, bob.publicKey, context, alice, nonce)).toEqual(box);
    expect(unseal(box, bob, context)).toEqual(text);
  });
});

describe("a box does not open [SEC-01]", () => {
  const context = sealContext("habcdefghijkl", "config", 7);
  const box = seal(
    utf8ToBytes("a secret"),
    bob.publicKey,
    context,
    alice,
    range(0, 24),
  );

  test("when any single bit of it was changed", () => {
    for (let i = 0; i < box.length; i++) {
      const changed = box.with(i, (box[i] ?? 0) ^ 1);
      expect(unseal(changed, bob, context)).toBeNull();
    }
  });

  test("when it was cut or made longer", () => {
    for (let length = 0; length < box.length; length++)
      expect(unseal(box.slice(0, length), bob, context)).toBeNull();
    expect(unseal(concatBytes(box, Uint8Array.of(0)), bob, context)).toBeNull();
  });

  test.each([
    ["another host", sealContext("habcdefghijkm", "config", 7)],
    ["another use", sealContext("habcdefghijkl", "repo-test", 7)],
    ["an older revision", sealContext("habcdefghijkl", "config", 6)],
    ["no context", ""],
  ])("for %s", (_what, other) => {
    expect(unseal(box, bob, other)).toBeNull();
  });

  test("with another key, or the recipient's secret under another public key", () => {
    expect(unseal(box, alice, context)).toBeNull();
    const mixed = { publicKey: alice.publicKey, agree: bob.agree };
    expect(unseal(box, mixed, context)).toBeNull();
  });

  test("when its ephemeral key is the zero point, which would make the key known", () => {
    const zero = concatBytes(Uint8Array.of(1), new Uint8Array(72));
    expect(unseal(zero, bob, context)).toBeNull();
    expect(() =>
      seal(range(0, 8), new Uint8Array(32), context, alice, range(0, 24)),
    ).toThrow();
  });
});
