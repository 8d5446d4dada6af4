import { describe, expect, test } from "bun:test";
import { redactSecrets, redactUrls, truncate } from "./redact.ts";
import { deepFreeze } from "./testing/deep-freeze.ts";

describe("hiding secrets", () => {
  test.each([
    ["rest:https://u:p@nas:8000/a", "rest:https://***@nas:8000/a"],
    ["https://user@nas/", "https://***@nas/"],
    ["https://u:p@ss@nas/", "https://***@nas/"],
    ["sftp://u:p@nas//srv", "sftp://***@nas//srv"],
    [
      "a https://u:p@x/ b https://v:q@y/ c",
      "a https://***@x/ b https://***@y/ c",
    ],
    ["https://nas/me@home", "https://nas/me@home"],
    ["mail me@home.example", "mail me@home.example"],
  ])("%s becomes %s", (text, hidden) => {
    expect(redactUrls(text)).toBe(hidden);
  });

  test("every occurrence of a secret goes, the longest first", () => {
    const text = "key=hunter2hunter2 then hunter2, then hunter2";
    expect(redactSecrets(text, ["hunter2", "hunter2hunter2"])).toBe(
      "key=*** then ***, then ***",
    );
  });

  test("a secret is text, not a pattern", () => {
    expect(redactSecrets("a.c$& abc", ["a.c$&"])).toBe("*** abc");
  });

  test("what is too short to be a secret does not eat the text", () => {
    expect(redactSecrets("a word", ["", "a", "wo"])).toBe("a word");
  });
});

test("a text that is cut says how much is missing, and a short one stays", () => {
  expect(truncate("x".repeat(10), 10)).toBe("x".repeat(10));
  expect(truncate("x".repeat(15), 10)).toBe(
    `${"x".repeat(10)} … [5 more characters]`,
  );
});

test("hiding and cutting leave what they are given as it was [RES-06]", () => {
  const secrets = deepFreeze(["hunter2", "a longer secret"]);
  const text = "hunter2 a longer secret https://u:p@nas/";
  expect(redactSecrets(text, secrets)).toBe("*** *** https://***@nas/");
  expect(secrets).toEqual(["hunter2", "a longer secret"]);
  expect(truncate(redactSecrets(text, secrets), 7)).toStartWith("*** ***");
});
