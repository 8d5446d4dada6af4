import { getPublicKey, hashes, sign, verify } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import { expect, test } from "bun:test";
import { fromBase64Url } from "./keys.ts";
import { type NatsClaim, readNatsJwt, signNatsJwt } from "./nats-jwt.ts";
import { decodeNkey, encodeNkey } from "./nkey.ts";

hashes.sha512 = sha512;
const seed = new Uint8Array(32).fill(7);
const issuer = encodeNkey("account", getPublicKey(seed));
const claim: NatsClaim = {
  issuer,
  subject: encodeNkey("user", getPublicKey(new Uint8Array(32).fill(8))),
  name: "habcdefghijkl",
  issuedAt: 1_767_225_600,
  nats: { type: "user", version: 2 },
};

function parts(jwt: string): [unknown, Record<string, unknown>] {
  const [header, body] = jwt
    .split(".")
    .slice(0, 2)
    .map((part) =>
      JSON.parse(new TextDecoder().decode(fromBase64Url(part) ?? undefined)),
    );
  return [header, body];
}

test("the JWT carries the claims NATS reads and the issuer's signature over exactly its text", () => {
  const jwt = signNatsJwt({ ...claim, expiresAt: 1_767_225_660 }, (message) =>
    sign(message, seed),
  );
  const [header, body] = parts(jwt);
  expect(header).toEqual({ typ: "JWT", alg: "ed25519-nkey" });
  expect(body).toEqual({
    iat: 1_767_225_600,
    exp: 1_767_225_660,
    iss: issuer,
    sub: claim.subject,
    name: "habcdefghijkl",
    nats: { type: "user", version: 2 },
    jti: expect.stringMatching(/^[A-Z2-7]{52}$/),
  });
  const dot = jwt.lastIndexOf(".");
  const signature = fromBase64Url(jwt.slice(dot + 1)) ?? new Uint8Array();
  const key = decodeNkey("account", issuer) ?? new Uint8Array();
  expect(
    verify(signature, new TextEncoder().encode(jwt.slice(0, dot)), key),
  ).toBe(true);
});

test("without an expiry the claim has none, and different claims have different ids", () => {
  const first = parts(signNatsJwt(claim, (message) => sign(message, seed)))[1];
  const second = parts(
    signNatsJwt({ ...claim, name: "hzzzzzzzzzzzz" }, (message) =>
      sign(message, seed),
    ),
  )[1];
  expect(first).not.toHaveProperty("exp");
  expect(first["jti"]).not.toBe(second["jti"]);
});

test("its holder reads name, signer and times from it; other texts are no JWT", () => {
  const jwt = signNatsJwt({ ...claim, expiresAt: 1_767_225_660 }, (message) =>
    sign(message, seed),
  );
  expect(readNatsJwt(jwt)).toEqual({
    name: "habcdefghijkl",
    iss: issuer,
    iat: 1_767_225_600,
    exp: 1_767_225_660,
  });
  for (const text of ["", "a.b.c", "e30.e30.e30", "only one part"])
    expect(readNatsJwt(text)).toBeNull();
});
