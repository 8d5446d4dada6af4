import { describe, expect, test } from "bun:test";
import { isEmptyRetention } from "./retention.ts";
import { groupName, retention, sourceGroupSpec } from "./source.ts";

describe("the name of a source group", () => {
  test.each(["default", "a", "db-1.daily_x", "0".repeat(64)])(
    "may be %p [SRC-01]",
    (name) => expect(groupName.safeParse(name).success).toBe(true),
  );
  test.each(["", "My", "two words", "a,b", "-x", ".x", "ä", "x".repeat(65)])(
    "is not %p [SRC-01]",
    (name) => expect(groupName.safeParse(name).success).toBe(false),
  );
});

describe("an exclude pattern", () => {
  const faultsOf = (pattern: string) =>
    sourceGroupSpec.safeParse({
      name: "default",
      includes: ["/home"],
      excludes: [pattern],
    }).error?.issues[0]?.path;
  test.each([
    "*.tmp",
    "/home/*/.cache",
    "[a-z]?/[^x]*",
    "a\\[b",
    "[\\]a]",
    "a]",
    "!keep",
    "C:\\Users\\",
    "😀[😀-😎]",
  ])("may be %p [SRC-01]", (pattern) =>
    expect(faultsOf(pattern)).toBeUndefined(),
  );
  test.each(["[bad", "a/[]/b", "[a-]", "[]a]", "[/]", "[^]", "x\\"])(
    "is not %p, which restic cannot read [SRC-01]",
    (pattern) => expect(faultsOf(pattern)).toEqual(["excludes", 0]),
  );
});

describe("a retention policy", () => {
  test.each([
    {},
    { last: 1, hourly: 24, daily: 7, weekly: 5, monthly: 12, yearly: 3 },
    { within: "1y6m", within_daily: "14d", within_hourly: "2d12h" },
    { daily: 7, tags: ["keep", "before upgrade"] },
  ])("may be %j [SRC-03]", (policy) => {
    expect<unknown>(retention.parse(policy)).toEqual(policy);
  });

  test.each([
    ["last", { last: 0 }],
    ["daily", { daily: -1 }],
    ["weekly", { weekly: 1.5 }],
    ["monthly", { monthly: "12" }],
    ["within", { within: "two weeks" }],
    ["within", { within: "0d" }],
    ["within", { within: "" }],
    ["within_daily", { within_daily: "6h2d" }],
  ])(
    "says at the field %p what is wrong with it: %j [SRC-03]",
    (at, policy) => {
      expect(retention.safeParse(policy).error?.issues[0]?.path).toEqual([at]);
    },
  );

  test("refuses fields it does not know", () => {
    expect(retention.safeParse({ keep_all: true }).success).toBe(false);
  });

  test("keeps everything when nothing is set, or tags alone", () => {
    expect(isEmptyRetention({})).toBe(true);
    expect(isEmptyRetention({ tags: ["keep"] })).toBe(true);
    expect(isEmptyRetention({ within_yearly: "10y" })).toBe(false);
  });
});

describe("the paths of a source group", () => {
  const issues = (includes: string[], one_file_system = false) =>
    sourceGroupSpec
      .safeParse({
        name: "files",
        includes,
        options: { exclude_caches: true, one_file_system },
      })
      .error?.issues.map(({ path, message }) => [path.join("."), message]) ??
    [];

  test.each([
    [["/home", "/srv"]],
    [["/home", "/home2"]],
    [["C:\\Users", "C:\\Users2", "D:\\"]],
  ])("%j stand beside one another", (includes) => {
    expect(issues(includes)).toEqual([]);
  });

  test.each([
    [["/home", "/home"]],
    [["/home", "/home/"]],
    [["/srv//data", "/srv/data"]],
    [["C:\\Users", "c:/users/"]],
  ])("%j name the same path twice", (includes) => {
    expect(issues(includes)).toEqual([
      ["includes.1", "This path is named twice; leave it out."],
    ]);
  });

  test("a path within another is read twice for nothing", () => {
    expect(issues(["/home/ada", "/etc", "/home"])).toEqual([
      [
        "includes.0",
        "/home/ada lies within /home, which is backed up as a whole; leave it out.",
      ],
    ]);
    expect(issues(["/", "/boot"])[0]?.[0]).toBe("includes.1");
  });

  test("where restic stays within a file system, a path within another may be on the next one", () => {
    expect(issues(["/", "/boot"], true)).toEqual([]);
    expect(issues(["/", "/"], true)).toHaveLength(1);
  });

  test("are absolute, and there is at least one", () => {
    expect(issues(["home"])).toEqual([["includes.0", "Use an absolute path."]]);
    expect(issues([])).toEqual([["includes", "Name at least one path."]]);
  });
});
