import { expect, test } from "bun:test";
import { fromBase64Url, publicKeyBytes, toBase64Url } from "./keys.ts";

test("bytes come back from their text, at every length", () => {
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from(
      { length },
      (_, i) => (i * 37 + length) & 255,
    );
    expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
  }
});

test.each([
  ["padding", "AAA="],
  ["the alphabet of plain base64", "-_+/"],
  ["a space", "AA AA"],
  ["bits that belong to no byte", "AAF"],
])("a second spelling with %s is refused", (_what, text) => {
  expect(fromBase64Url(text)).toBeNull();
});

test("a public key is exactly 32 bytes", () => {
  const text = (length: number) => toBase64Url(new Uint8Array(length).fill(9));
  expect(publicKeyBytes(text(32))).toEqual(new Uint8Array(32).fill(9));
  for (const length of [0, 31, 33, 64])
    expect(publicKeyBytes(text(length))).toBeNull();
});
