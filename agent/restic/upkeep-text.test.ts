import { describe, expect, test } from "bun:test";
import { forgetArgs, retryLockArgs } from "./args.ts";
import { isCheckError } from "./check-text.ts";
import { isRefusedRemoval } from "./exit-codes.ts";
import { parseMessage } from "./messages.ts";
import { parseFreed } from "./prune-text.ts";

test("what a prune frees is read from the line that says it, in bytes", () => {
  expect(parseFreed("total prune:           8 blobs / 587.639 KiB")).toBe(
    601_742,
  );
  expect(parseFreed("total prune:           0 blobs / 0 B")).toBe(0);
  expect(parseFreed("total prune:           5 blobs / 1.500 GiB")).toBe(
    1_610_612_736,
  );
  expect(parseFreed("to delete:             8 blobs / 587.639 KiB")).toBeNull();
});

test("lines of a check that name damage are told from advice [MNT-04]", () => {
  const id = "a".repeat(64);
  const damage = [
    `Pack ID does not match, want ${id}, got ${id}`,
    `pack ${id}: does not exist`,
    `pack ${id} contains 2 errors: [blob x: ciphertext verification failed]`,
    `error: error loading index ${id}: LoadRaw(<index/aa>): invalid data returned`,
  ];
  const advice = [
    "",
    "Fatal: repository contains errors",
    "The repository is damaged and must be repaired. Please follow the guide.",
    "restic repair snapshots --forget",
  ];
  expect(damage.filter(isCheckError)).toEqual(damage);
  expect(advice.filter(isCheckError)).toEqual([]);
});

test("a refused removal is known in the words of every restic, a lock that stays is none [MNT-03]", () => {
  const refused = [
    "Remove(<snapshot/4705133e9b>) returned error, retrying after 552ms: blob not removed, server response: 403 Forbidden (403)",
    "Remove(<index/e0e78d108a>) failed: unexpected HTTP response (403): 403 Forbidden",
    "Remove(<snapshot/4705133e9b>) failed: client.RemoveObject: Access Denied.",
    "Remove(<data/4705133e9b>) failed: unlink /srv/repo/data/47: read-only file system",
  ];
  const others = [
    "Remove(<lock/4705133e9b>) failed: unexpected HTTP response (403): 403 Forbidden",
    "Remove(<snapshot/4705133e9b>) returned error, retrying after 1s: dial tcp 10.0.0.1:8000: connect: connection refused",
  ];
  expect(refused.filter(isRefusedRemoval)).toEqual(refused);
  expect(others.filter(isRefusedRemoval)).toEqual([]);
});

test("a counter without JSON is progress", () => {
  expect(parseMessage("[1:02:05] 23.45%  3 / 10 packs")).toMatchObject({
    type: "status",
    status: { files_done: 3, total_files: 10, seconds_elapsed: 3725 },
  });
  expect(parseMessage("[0:42] 0.00%  0 / 3 files deleted").type).toBe("status");
  expect(parseMessage("[0:42] something else").type).toBe("text");
});

describe("arguments", () => {
  test("a policy becomes restic's own options, grouped by tags [SRC-03]", () => {
    const group = { host: "endpoint", tag: "photos" };
    expect(
      forgetArgs(group, { daily: 7, within_weekly: "1y6m", tags: ["a", "b"] }),
    ).toEqual(
      "forget --json --host endpoint --tag photos --group-by tags --keep-daily 7 --keep-within-weekly 1y6m --keep-tag a --keep-tag b".split(
        " ",
      ),
    );
  });

  test("restic waits for locks where it can [LCK-02]", () => {
    expect(retryLockArgs(300, "0.16.0")).toEqual(["--retry-lock", "300s"]);
    expect(retryLockArgs(300, "0.15.2")).toEqual([]);
    expect(retryLockArgs(undefined, "0.19.1")).toEqual([]);
  });
});
