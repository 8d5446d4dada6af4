import { describe, expect, test } from "bun:test";
import {
  backupOutcome,
  failureOf,
  meaningOf,
  type ResticEnd,
} from "./exit-codes.ts";
import { replay, versions } from "./fixtures/replay.ts";
import { createWords } from "./words.ts";

function backup(
  version: string,
  name: string,
  stopped: ResticEnd["stopped"] = null,
) {
  const { end, facts } = replay(version, name);
  return backupOutcome({ ...end, stopped }, facts);
}

function ended(
  code: number | null,
  words = "",
  more: Partial<ResticEnd> = {},
): ResticEnd {
  return {
    exit: { code, signal: null, startError: null },
    stopped: null,
    meaning: meaningOf(words),
    words,
    ...more,
  };
}

describe.each(versions)("how restic %s ended [RST-03]", (version) => {
  test("a finished backup succeeded", () => {
    expect(backup(version, "backup-first")).toEqual({
      outcome: "succeeded",
      error: null,
    });
  });

  test("a file that cannot be read is an issue, not a failure", () => {
    const { outcome, error } = backup(version, "backup-unreadable");
    expect(outcome).toBe("succeeded_with_issues");
    expect(error?.code).toBe("source_unreadable");
  });

  test("one missing path is an issue that names it [RST-04]", () => {
    const { outcome, error } = backup(version, "backup-one-missing");
    expect(outcome).toBe("succeeded_with_issues");
    expect(error?.code).toBe("source_partly_missing");
    expect(error?.message).toContain("/tmp/restic-fixture/gone");
  });

  test("no path at all is a failure [RST-04]", () => {
    const { outcome, error } = backup(version, "backup-all-missing");
    expect(outcome).toBe("failed");
    expect(error?.code).toBe("source_missing");
  });

  test("a cancelled backup is cancelled, whatever code restic chose", () => {
    expect(backup(version, "backup-cancelled", "cancelled")).toMatchObject({
      outcome: "cancelled",
      error: { code: "cancelled" },
    });
  });

  test.each([
    ["backup-locked", "repository_locked", "PID"],
    ["backup-full", "repository_full", "no space left"],
    ["wrong-password", "wrong_password", "password is wrong"],
    ["no-repository", "repository_missing", "/tmp/restic-fixture/repo"],
    ["init-again", "repository_exists", "existing repository"],
    ["denied", "repository_denied", "401"],
    ["unreachable", "repository_unreachable", "connection refused"],
  ] as const)("%s is %s and says so", (name, code, words) => {
    const failed = failureOf(replay(version, name).end);
    expect(failed.code).toBe(code);
    expect(failed.message).toContain(words);
  });
});

test("exit codes 10, 11 and 12 need no text [RST-03]", () => {
  expect([10, 11, 12].map((code) => failureOf(ended(code)).code)).toEqual([
    "repository_missing",
    "repository_locked",
    "wrong_password",
  ]);
});

test("an unknown exit code is a failure with restic's words", () => {
  const failed = failureOf(ended(7, "Fatal: Fatal: something new"));
  expect(failed.code).toBe("restic_failed");
  expect(failed.message).toBe(
    "restic ended with exit code 7. restic said: something new",
  );
});

test("restic killed from outside is told apart from a failure of its own", () => {
  const exit = { code: null, signal: "SIGKILL", startError: null };
  expect(failureOf(ended(null, "", { exit })).code).toBe("restic_killed");
});

test("a stall names what restic waits for, when restic said it", () => {
  const silent = ended(130, "", { stopped: "stalled" });
  expect(failureOf(silent).code).toBe("restic_stalled");
  const retrying = ended(
    130,
    "Save(<data/1>) returned error, retrying after 2s: no space left on device",
    {
      stopped: "stalled",
    },
  );
  expect(failureOf(retrying).code).toBe("repository_full");
});

test("a program that cannot be started is no failure of the repository", () => {
  const exit = { code: null, signal: null, startError: "EACCES" };
  expect(failureOf(ended(null, "", { exit })).code).toBe("restic_missing");
  expect(
    failureOf(
      ended(127, "setpriv: failed to execute /x: No such file or directory"),
    ).code,
  ).toBe("restic_missing");
});

test("a backup that finished although it was being cancelled stays a success", () => {
  expect(backup("0.19", "backup-first", "cancelled").outcome).toBe("succeeded");
});

test("exit code 0 without a summary is not believed", () => {
  const facts = { missing: [], errors: 0, summary: null };
  expect(backupOutcome(ended(0), facts).outcome).toBe("failed");
});

test("the list of places in restic's program does not push its words out [MNT-03]", () => {
  const words = createWords();
  const say = (line: string) => words.add({ type: "text", line }, "stderr");
  say("blob not removed, server response: 403 Forbidden (403)");
  for (let n = 0; n < 20; n++) {
    say("github.com/restic/restic/internal/backend/rest.(*Backend).Remove");
    say(`\tgithub.com/restic/restic/internal/backend/rest/rest.go:${n}`);
  }
  const message =
    "failed to remove one or more snapshots\nmain.init\n\tx.go:67";
  words.add({ type: "exit_error", message }, "stderr");
  expect(words.text().split("\n")).toEqual([
    "blob not removed, server response: 403 Forbidden (403)",
    "failed to remove one or more snapshots",
  ]);
});
