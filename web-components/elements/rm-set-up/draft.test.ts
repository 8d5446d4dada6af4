import { describe, expect, test } from "bun:test";
import {
  type Draft,
  fieldOfFailure,
  fieldOfPath,
  mintPassword,
  missingFields,
  newDraft,
  repositoryUrl,
  setUpBody,
} from "./draft.ts";

function draft(change: Partial<Draft>): Draft {
  return {
    ...newDraft({ name: "web-01", os: "linux" }, "minted-password"),
    ...change,
  };
}

describe("the address of a repository", () => {
  test("of a REST server ends in a slash and has no doubled ones", () => {
    expect(
      repositoryUrl(
        draft({
          kind: "rest",
          restAddress: "https://vault.lan:8000/",
          restPath: "/web-01/",
        }),
      ),
    ).toBe("rest:https://vault.lan:8000/web-01/");
    expect(
      repositoryUrl(
        draft({
          kind: "rest",
          restAddress: "rest:http://vault.lan:8000",
          restPath: "",
        }),
      ),
    ).toBe("rest:http://vault.lan:8000/");
  });

  test("of S3 is endpoint, bucket and folder", () => {
    const s3 = draft({
      kind: "s3",
      s3Endpoint: "https://s3.example.com/",
      s3Bucket: "backups",
      s3Prefix: "web-01",
    });
    expect(repositoryUrl(s3)).toBe("s3:https://s3.example.com/backups/web-01");
    expect(repositoryUrl({ ...s3, s3Prefix: "" })).toBe(
      "s3:https://s3.example.com/backups",
    );
  });

  test("of SFTP names a port only when there is one", () => {
    const sftp = draft({
      kind: "sftp",
      sftpUser: "backup",
      sftpHost: "vault.lan",
      sftpPath: "/srv/restic",
    });
    expect(repositoryUrl(sftp)).toBe("sftp:backup@vault.lan:/srv/restic");
    expect(repositoryUrl({ ...sftp, sftpPort: "2222" })).toBe(
      "sftp://backup@vault.lan:2222//srv/restic",
    );
  });

  test("of a folder is the folder", () => {
    expect(
      repositoryUrl(draft({ kind: "local", localPath: " /mnt/backup " })),
    ).toBe("/mnt/backup");
  });
});

describe("what is sent", () => {
  test("carries the minted password for a new repository and the typed one for an existing", () => {
    expect(setUpBody(draft({})).repository.credential.password).toBe(
      "minted-password",
    );
    const existing = draft({ mode: "existing", password: "theirs" });
    expect(setUpBody(existing).repository.credential.password).toBe("theirs");
  });

  test("leaves out what was not filled in, and what belongs to another kind", () => {
    const body = setUpBody(
      draft({
        kind: "rest",
        restAddress: "http://vault",
        restUser: "",
        s3KeyId: "AKIA",
        ca: "",
      }),
    );
    expect(body.repository.credential).toEqual({
      password: "minted-password",
      env: {},
    });
  });

  test("gives S3 keys as back-end variables", () => {
    const body = setUpBody(
      draft({ kind: "s3", s3Bucket: "b", s3KeyId: "AKIA", s3Secret: "s" }),
    );
    expect(body.repository.credential.env).toEqual({
      AWS_ACCESS_KEY_ID: "AKIA",
      AWS_SECRET_ACCESS_KEY: "s",
    });
  });

  test("turns presets and own patterns into excludes, a line each", () => {
    const { source } = setUpBody(
      draft({
        paths: "/etc\n\n /srv ",
        presets: new Set(["node_modules"]),
        patterns: "*.iso\n",
      }),
    );
    expect(source.includes).toEqual(["/etc", "/srv"]);
    expect(source.excludes).toEqual(["**/node_modules", "*.iso"]);
  });
});

describe("what is missing", () => {
  test("a minted password has to be saved first", () => {
    const ready = draft({ restAddress: "https://vault" });
    expect(missingFields(ready)).toEqual({
      saved: "Save the password first, then say so.",
    });
    expect(missingFields({ ...ready, saved: true })).toEqual({});
  });

  test("an existing repository needs its password", () => {
    const existing = draft({
      mode: "existing",
      kind: "local",
      localPath: "/mnt",
    });
    expect(Object.keys(missingFields(existing))).toEqual(["password"]);
  });

  test("paths and address have to be there", () => {
    expect(
      Object.keys(
        missingFields(draft({ paths: " \n", kind: "sftp", saved: true })),
      ),
    ).toEqual(["paths", "sftpHost", "sftpPath"]);
  });
});

describe("where a refusal is shown", () => {
  test("at the field that the path in the body came from", () => {
    expect(fieldOfPath("source.includes.0", draft({}))).toBe("paths");
    expect(fieldOfPath("repository.url", draft({ kind: "s3" }))).toBe(
      "s3Endpoint",
    );
    expect(
      fieldOfPath(
        "repository.credential.env.AWS_SECRET_ACCESS_KEY",
        draft({ kind: "s3" }),
      ),
    ).toBe("s3Secret");
    expect(fieldOfPath("something.else", draft({}))).toBeNull();
  });

  test("at the field that the agent's failure is about", () => {
    expect(fieldOfFailure("wrong_password", draft({ mode: "existing" }))).toBe(
      "password",
    );
    expect(fieldOfFailure("repository_denied", draft({ kind: "rest" }))).toBe(
      "restUser",
    );
    expect(fieldOfFailure("repository_missing", draft({ kind: "local" }))).toBe(
      "localPath",
    );
    expect(fieldOfFailure("timeout", draft({}))).toBeNull();
  });
});

test("a path that is not absolute is named before anything is asked [SRC-01]", () => {
  const relative = draft({
    paths: "/etc\nhome",
    kind: "local",
    localPath: "backup",
    saved: true,
  });
  expect(missingFields(relative)).toEqual({
    paths: "home is not absolute: start with / or a drive.",
    localPath: "Use an absolute path, for example /srv/backup.",
  });
  expect(
    missingFields({ ...relative, paths: "C:\\Users", localPath: "D:/backup" }),
  ).toEqual({});
});

test("minted passwords are 24 random bytes in base64url", () => {
  const password = mintPassword();
  expect(password).toMatch(/^[A-Za-z0-9_-]{32}$/);
  expect(mintPassword()).not.toBe(password);
});
