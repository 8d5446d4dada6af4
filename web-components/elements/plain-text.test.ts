import { expect, test } from "bun:test";
import { plainText } from "./plain-text.ts";

test("colours of a terminal are left out, other control characters are shown by number [SEC-05]", () => {
  expect(plainText("\u001b[1;31mred\u001b[0m\u001b[2J bell\u0007")).toBe(
    "red‹001B›[2J bell‹0007›",
  );
});

test("marks of direction do not reorder what stands there [SEC-05]", () => {
  expect(plainText("photo\u202Egpj.exe \u2066x\u2069")).toBe(
    "photo‹202E›gpj.exe ‹2066›x‹2069›",
  );
});

test("letters of every script, tabs and line ends stay as they are", () => {
  const text = "Grüße\tשלום 日本語 👨‍👩‍👧\nnext";
  expect(plainText(text)).toBe(text);
});
