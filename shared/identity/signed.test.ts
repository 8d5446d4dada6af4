import { getPublicKey, hashes, sign, verify } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import { expect, test } from "bun:test";
import { z } from "zod";
import type { Verify } from "./keys.ts";
import { openSigned, parseJson, signText, type SignedText } from "./signed.ts";

hashes.sha512 = sha512;
const seed = new Uint8Array(32).fill(7);
const publicKey = getPublicKey(seed);
const signWith = (message: Uint8Array) => sign(message, seed);
const verifyWith: Verify = (key, message, signature) =>
  verify(signature, message, key);
const body = z.object({ n: z.number() });

function open(signed: SignedText, purpose = "rm-event-v1" as const) {
  return openSigned(purpose, signed, publicKey, verifyWith, body);
}

test("the signature is over purpose, line feed and exactly the text", () => {
  const { b, s } = signText("rm-event-v1", { n: 1 }, signWith);
  expect(b).toBe('{"n":1}');
  const message = new TextEncoder().encode('rm-event-v1\n{"n":1}');
  expect(s).toBe(
    sign(message, seed).toBase64({ alphabet: "base64url", omitPadding: true }),
  );
  expect(open({ b, s })).toEqual({ n: 1 });
});

test("fields that this version does not know stay signed and are left out", () => {
  const signed = signText("rm-event-v1", { later: true, n: 2 }, signWith);
  expect(open(signed)).toEqual({ n: 2 });
});

test("a changed text does not open, not even by a space", () => {
  const { b, s } = signText("rm-event-v1", { n: 1 }, signWith);
  expect(open({ b: b.replace("1", "2"), s })).toBeNull();
  expect(open({ b: `${b} `, s })).toBeNull();
});

test("a signature for one purpose is worthless for another", () => {
  expect(open(signText("rm-request-v1", { n: 1 }, signWith))).toBeNull();
});

test("a signature of another key, another length or another spelling does not open", () => {
  const other = new Uint8Array(32).fill(8);
  const forged = signText("rm-event-v1", { n: 1 }, (m) => sign(m, other));
  expect(open(forged)).toBeNull();
  const { b, s } = signText("rm-event-v1", { n: 1 }, signWith);
  for (const text of ["", s.slice(4), `${s}=`, `${s}AAAA`, "not base64"])
    expect(open({ b, s: text })).toBeNull();
});

test("a signed text that is no JSON, or of another shape, does not open", () => {
  expect(open(signText("rm-event-v1", { n: "one" }, signWith))).toBeNull();
  const b = "{";
  const s = signWith(new TextEncoder().encode(`rm-event-v1\n${b}`)).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
  expect(open({ b, s })).toBeNull();
});

test("JSON from outside is either of its shape or null", () => {
  expect(parseJson('{"n":1}', body)).toEqual({ n: 1 });
  expect(parseJson('{"n":null}', body)).toBeNull();
  expect(parseJson("", body)).toBeNull();
});
