import { getPublicKey, hashes } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import { describe, expect, test } from "bun:test";
import {
  decodeNkey,
  decodeNkeySeed,
  encodeNkey,
  encodeNkeySeed,
  type NkeyKind,
} from "./nkey.ts";

hashes.sha512 = sha512;

// Texts made by the reference implementation (@nats-io/nkeys 2.0.3) from the seed bytes 0, 1, … 31.
const seed = Uint8Array.from({ length: 32 }, (_, i) => i);
const userVector: [NkeyKind, string, string] = [
  "user",
  "SUAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H776Y",
  "UAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3RLKK",
];
const vectors: [NkeyKind, string, string][] = [
  [
    "operator",
    "SOAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H2AJA",
    "OAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3QZVT",
  ],
  [
    "account",
    "SAAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4HYMHI",
    "AAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3QPZV",
  ],
  userVector,
];

describe("nkey text", () => {
  test.each(vectors)(
    "%s keys are spelled as NATS spells them",
    (kind, seedText, keyText) => {
      expect(encodeNkeySeed(kind, seed)).toBe(seedText);
      expect(encodeNkey(kind, getPublicKey(seed))).toBe(keyText);
      expect(decodeNkeySeed(kind, seedText)).toEqual(seed);
      expect(decodeNkey(kind, keyText)).toEqual(getPublicKey(seed));
    },
  );

  test("a key of another kind, a wrong letter, a cut or a padded text is refused", () => {
    const [, seedText, key] = userVector;
    for (const text of [
      vectors[1]?.[2] ?? "",
      key.replace("OD", "OE"),
      key.slice(0, -1),
      `${key}A`,
      `${key}=`,
      key.toLowerCase(),
      seedText,
      "",
    ]) {
      expect(decodeNkey("user", text)).toBeNull();
    }
    expect(decodeNkeySeed("user", vectors[0]?.[1] ?? "")).toBeNull();
    expect(decodeNkeySeed("user", key)).toBeNull();
  });

  test("a second spelling of the same seed bytes is refused", () => {
    const [, seedText] = userVector;
    expect(decodeNkeySeed("user", `${seedText.slice(0, -1)}Z`)).toBeNull();
  });

  test("a key that is not 32 bytes cannot be written", () => {
    expect(() => encodeNkey("user", new Uint8Array(31))).toThrow("31");
  });
});
