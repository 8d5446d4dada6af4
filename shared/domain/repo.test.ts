import { describe, expect, test } from "bun:test";
import { repoCredential, repoUrl } from "./repo.ts";
import { hasPassword, repoKind } from "./repo-url.ts";

describe("the address of a repository", () => {
  test.each([
    ["/srv/restic", "local"],
    ["/srv/with space/a@b:c", "local"],
    ["C:\\backup\\me@home", "local"],
    ["d:/backup", "local"],
    ["rest:http://nas:8000/", "rest"],
    ["rest:https://backup.example.org/team/host/", "rest"],
    ["s3:s3.amazonaws.com/bucket", "s3"],
    ["s3:https://minio.example.org:9000/bucket/prefix", "s3"],
    ["sftp:backup@nas:/srv/restic", "sftp"],
    ["sftp:nas:relative/path", "sftp"],
    ["sftp://backup@nas:2222//srv/restic", "sftp"],
  ] as const)("%s is taken as %s", (url, kind) => {
    expect(repoKind(url)).toBe(kind);
    expect(repoUrl.parse(` ${url} `)).toBe(url);
  });

  test.each([
    "",
    "restic",
    "./here",
    "rest:nas:8000",
    "rest:ftp://nas/",
    "s3:bucket",
    "http://nas/",
    "sftp:",
    "b2:bucket:path",
  ])("%p is refused", (url) => {
    expect(repoUrl.safeParse(url).success).toBe(false);
  });

  test.each([
    "rest:https://user:secret@nas/",
    "rest:https://user@nas/",
    "s3:https://key:secret@minio/bucket",
    "sftp:user:secret@nas:/srv",
    "sftp://user:secret@nas/srv",
  ])("%s is refused, because a user or password stands in it", (url) => {
    expect(hasPassword(url)).toBe(true);
    expect(repoUrl.safeParse(url).error?.issues[0]?.message).toContain(
      "own fields",
    );
  });

  test("the user of sftp is part of its address, and an @ in a path is no user", () => {
    expect(hasPassword("sftp:backup@nas:/srv")).toBe(false);
    expect(hasPassword("rest:https://nas/me@home/")).toBe(false);
    expect(hasPassword("s3:s3.amazonaws.com/bucket/me@home")).toBe(false);
  });
});

describe("the credential of a repository", () => {
  const parse = (env: Record<string, string>) =>
    repoCredential.safeParse({ password: "x", env });

  test("may set the variables of back ends and no other", () => {
    expect(parse({ AWS_ACCESS_KEY_ID: "a", B2_ACCOUNT_KEY: "b" }).success).toBe(
      true,
    );
    for (const name of [
      "PATH",
      "LD_PRELOAD",
      "RESTIC_PASSWORD_COMMAND",
      "aws_access_key_id",
      "XAWS_ACCESS_KEY_ID",
    ])
      expect(parse({ [name]: "x" }).success).toBe(false);
  });

  test("needs a password and knows its fields", () => {
    expect(repoCredential.safeParse({ password: "" }).success).toBe(false);
    const typo = { password: "x", pasword: "y" };
    expect(repoCredential.safeParse(typo).success).toBe(false);
  });
});
