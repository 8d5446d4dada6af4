import { expect, test } from "bun:test";
import { createAddresses } from "./addresses.ts";

test("configured addresses come first, then those the server named, each once, round and round [TRN-12]", () => {
  let learnt: string[] = [];
  const addresses = createAddresses(["https://a/", "https://b"], () => learnt);
  const round = (n: number) =>
    Array.from({ length: n }, () => {
      const now = addresses.current();
      addresses.next();
      return now;
    });
  expect(round(3)).toEqual(["https://a", "https://b", "https://a"]);
  addresses.first();
  learnt = ["https://b/", "https://c"];
  expect(round(4)).toEqual([
    "https://a",
    "https://b",
    "https://c",
    "https://a",
  ]);
  addresses.first();
  expect(addresses.current()).toBe("https://a");
});
