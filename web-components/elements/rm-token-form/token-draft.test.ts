import { expect, test } from "bun:test";
import {
  missingTokenFields,
  newTokenDraft,
  presetOf,
  type TokenDraft,
  tokenBody,
  withHostname,
  withPreset,
} from "./token-draft.ts";

function draft(change: Partial<TokenDraft>): TokenDraft {
  const named = {
    ...newTokenDraft(),
    ...withHostname(newTokenDraft(), "web-03"),
  };
  return { ...named, restAddress: "https://vault.lan", ...change };
}

test("the place of the repository is named after the host until somebody names it otherwise", () => {
  const renamed = { ...draft({}), ...withHostname(draft({}), "web-04") };
  expect([renamed.restPath, renamed.s3Prefix]).toEqual(["web-04", "web-04"]);
  const own = draft({ restPath: "elsewhere" });
  expect({ ...own, ...withHostname(own, "web-04") }.restPath).toBe("elsewhere");
});

test("secrets that are left to the server are not sent, those typed are [ENR-10]", () => {
  const left = tokenBody(draft({ restUser: "web-03" }));
  expect(left.repository.credential).toEqual({ username: "web-03", env: {} });
  const typed = draft({ passwordFrom: "typed", password: "mine" });
  expect(tokenBody(typed).repository.credential.password).toBe("mine");
});

test("an existing repository needs its password [ENR-10]", () => {
  expect(missingTokenFields(draft({ mode: "existing" }))).toEqual({
    password: "Give the repository password.",
  });
  expect(missingTokenFields(draft({}))).toEqual({});
});

test("a name is needed, and one word", () => {
  expect(missingTokenFields(draft({ hostname: "" }))).toEqual({
    hostname: "Name the host.",
  });
  expect(missingTokenFields(draft({ hostname: "web 03" }))).toEqual({
    hostname: "A host name holds no spaces.",
  });
});

test("a preset is what stands there until a path is changed", () => {
  const whole = { ...draft({}), ...withPreset("all") };
  expect([presetOf(whole), whole.oneFileSystem]).toEqual(["all", true]);
  expect(presetOf({ ...whole, paths: "/\n/boot" })).toBe("");
});
