import { expect, test } from "bun:test";
import { attachment } from "./attachment.ts";

test.each([
  ['a "b".txt', `filename="a _b_.txt"; filename*=UTF-8''a%20%22b%22.txt`],
  ["a\r\nb", `filename="a__b"; filename*=UTF-8''a__b`],
  [
    "Grüße 🗂.pdf",
    `filename="Gr__e _.pdf"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%F0%9F%97%82.pdf`,
  ],
  ["-rf", `filename="-rf"; filename*=UTF-8''-rf`],
  ["100%'(1)*", `filename="100_'(1)*"; filename*=UTF-8''100%25%27%281%29%2A`],
  ["..\\..\\x", `filename=".._.._x"; filename*=UTF-8''.._.._x`],
  ["\ud800", `filename="_"; filename*=UTF-8''%EF%BF%BD`],
])("%p is a name that every browser saves under [DIF-01]", (name, header) => {
  expect(attachment(name)).toBe(`attachment; ${header}`);
});

test("a name of 4,000 characters is cut, and programs still know what it is [DIF-01]", () => {
  const header = attachment(`${"n".repeat(4000)}.docx`);
  expect(header.length).toBeLessThan(400);
  expect(header).toContain('n_.docx"');
  expect(attachment("ü".repeat(4000), ".tar")).toEndWith("%E2%80%A6.tar");
});
