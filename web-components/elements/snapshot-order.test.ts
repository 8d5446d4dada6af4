import { expect, test } from "bun:test";
import type { Snapshot } from "@restic-manager/shared/api/repos.ts";
import { compareAddress, snapshotBefore } from "./snapshot-order.ts";

function snapshot(id: string, more: Partial<Snapshot> = {}): Snapshot {
  return {
    id,
    short_id: id,
    time: "2026-11-20T10:00:00Z",
    hostname: "web-01",
    username: "root",
    paths: ["/etc", "/srv"],
    tags: ["default"],
    parent: null,
    size_bytes: null,
    file_count: null,
    repository_id: "repo",
    own: true,
    ...more,
  };
}

test("the snapshot before is the next older one of the same source group [DIF-01]", () => {
  const list = [
    snapshot("e"),
    snapshot("d", { tags: ["database"] }),
    snapshot("c", { repository_id: "other" }),
    snapshot("b", { paths: ["/srv", "/etc"] }),
    snapshot("a"),
  ];
  expect(snapshotBefore(list, 0)?.id).toBe("b");
  expect(snapshotBefore(list, 3)?.id).toBe("a");
  expect(snapshotBefore(list, 1)).toBeNull();
  expect(snapshotBefore(list, 4)).toBeNull();
});

test("two snapshots are compared from the older to the newer, whichever was chosen first [DIF-01]", () => {
  const older = snapshot("a", { time: "2026-11-19T23:00:00Z" });
  const newer = snapshot("b", { time: "2026-11-20T01:00:00+02:00" });
  const address = "/diff?host=h&repository=repo&a=a&b=b";
  expect(compareAddress("h", older, snapshot("b"))).toBe(address);
  expect(compareAddress("h", snapshot("b"), older)).toBe(address);
  expect(compareAddress("h", older, newer)).toBe(address);
  expect(
    compareAddress("h", older, snapshot("b", { repository_id: "other" })),
  ).toBeNull();
});
