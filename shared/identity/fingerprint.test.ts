import { expect, test } from "bun:test";
import {
  fingerprintGroups,
  fingerprintOf,
  parseFingerprint,
} from "./fingerprint.ts";

// SHA-256 of 32 zero bytes, as `head -c32 /dev/zero | sha256sum` prints it.
const hex = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";
const fingerprint = `SHA256:${hex}` as const;

test("a fingerprint is the SHA-256 of the raw key in lower-case hex", () => {
  expect(fingerprintOf(new Uint8Array(32))).toBe(fingerprint);
});

test("it is shown as 16 groups of four", () => {
  const groups = fingerprintGroups(fingerprint);
  expect(groups).toHaveLength(16);
  expect(groups.join("")).toBe(hex);
});

test.each([
  ["as printed", fingerprint],
  ["without its prefix", hex],
  ["in groups", `SHA256: ${fingerprintGroups(fingerprint).join(" ")}`],
  ["over two lines", `  sha256:${hex.slice(0, 32)}\r\n  ${hex.slice(32)}\n`],
  ["in upper case", fingerprint.toUpperCase()],
  ["with colons", (hex.match(/../g) ?? []).join(":")],
  ["with dashes", fingerprintGroups(fingerprint).join("-")],
])("a fingerprint pasted %s is understood", (_how, text) => {
  expect(parseFingerprint(text)).toBe(fingerprint);
});

test.each([
  ["one digit short", hex.slice(1)],
  ["one digit long", `${hex}0`],
  ["with a letter that is no digit", hex.replace("6", "g")],
  ["of another hash", `MD5:${hex}`],
  ["that is empty", ""],
])("a fingerprint %s is refused", (_how, text) => {
  expect(parseFingerprint(text)).toBeNull();
});
