import { expect, test } from "bun:test";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { createRandom } from "../random.ts";
import { systemClock } from "../clock.ts";
import { createSealedSecrets } from "./sealed-secrets.ts";

const random = createRandom(systemClock);
const key = random.bytes(32);
const secrets = createSealedSecrets(key, random);
const password = new TextEncoder().encode("correct horse battery staple");
const hex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

test("a box opens for the purpose and id it was sealed for, and hides its content [SEC-01]", () => {
  const box = secrets.seal("repository-credential.repo", "01R", password);
  expect(secrets.open("repository-credential.repo", "01R", box)).toEqual(
    password,
  );
  expect(Buffer.from(box).includes(Buffer.from(password))).toBe(false);
});

test("two boxes of one secret differ [SEC-01]", () => {
  const one = secrets.seal("hook", "01G", password);
  const two = secrets.seal("hook", "01G", password);
  expect(one).not.toEqual(two);
});

test("every flipped bit is noticed [SEC-01]", () => {
  const box = secrets.seal("hook", "01G", password);
  for (let bit = 0; bit < box.length * 8; bit++) {
    const changed = box.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(() => secrets.open("hook", "01G", changed)).toThrow();
  }
});

test("a truncated box does not open [SEC-01]", () => {
  const box = secrets.seal("hook", "01G", password);
  for (const length of [0, 1, 24, 25, 40, box.length - 1]) {
    expect(() =>
      secrets.open("hook", "01G", box.subarray(0, length)),
    ).toThrow();
  }
});

test("a box moved to another row or kind does not open [SEC-01] [CRD-01]", () => {
  const box = secrets.seal("repository-credential.repo", "01R", password);
  expect(() =>
    secrets.open("repository-credential.repo", "02R", box),
  ).toThrow();
  expect(() =>
    secrets.open("repository-credential.admin", "01R", box),
  ).toThrow();
});

test("another key does not open a box [SEC-01]", () => {
  const box = secrets.seal("hook", "01G", password);
  const other = createSealedSecrets(random.bytes(32), random);
  expect(() => other.open("hook", "01G", box)).toThrow();
});

test("the cipher gives the published ciphertext of draft-irtf-cfrg-xchacha A.3.1 [SEC-01]", () => {
  const cipher = xchacha20poly1305(
    hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"),
    hex("404142434445464748494a4b4c4d4e4f5051525354555657"),
    hex("50515253c0c1c2c3c4c5c6c7"),
  );
  const text =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
  expect(cipher.encrypt(new TextEncoder().encode(text))).toEqual(
    hex(
      "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb" +
        "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452" +
        "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9" +
        "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49",
    ),
  );
});
