import { expect, test } from "bun:test";
import {
  snapshotRecord,
  type SnapshotRecord,
} from "@restic-manager/shared/protocol/event.ts";
import { maxMessageBytes } from "@restic-manager/shared/protocol/topic.ts";
import { replay, versions } from "../restic/fixtures/replay.ts";
import { inParts, parseSnapshots } from "./snapshots.ts";

test.each(versions)(
  "the snapshots of restic %s are read, what it does not say is null [SNP-01] [RST-01]",
  (version) => {
    const list = parseSnapshots(replay(version, "snapshots").stdout) ?? [];
    expect(list).toHaveLength(3);
    for (const snapshot of list)
      expect(snapshotRecord.safeParse(snapshot).success).toBe(true);
    const [first] = list;
    expect(first).toMatchObject({
      hostname: "endpoint",
      username: "root",
      paths: ["/tmp/restic-fixture/data"],
      tags: ["default"],
      parent: null,
    });
    const tellsSize = version !== "0.14" && version !== "0.16";
    expect([first?.size_bytes, first?.file_count]).toEqual(
      tellsSize ? [12, 2] : [null, null],
    );
  },
);

test.each(versions)(
  "an empty repository of restic %s has an empty list",
  (version) => {
    expect(parseSnapshots(replay(version, "snapshots-empty").stdout)).toEqual(
      [],
    );
  },
);

test("something else than a list is not taken for an empty one", () => {
  expect(parseSnapshots("")).toBeNull();
  expect(parseSnapshots('{"message_type":"exit_error"}')).toBeNull();
});

function record(index: number, paths: string[]): SnapshotRecord {
  return {
    id: index.toString(16).padStart(64, "0"),
    time: "2026-01-01T00:00:00Z",
    hostname: "h",
    username: null,
    paths,
    tags: [],
    parent: null,
    size_bytes: 1,
    file_count: 1,
  };
}

test("a long list comes in parts that fit into messages, in order and complete", () => {
  const list = Array.from({ length: 3000 }, (_, i) =>
    record(i, [`/srv/"quoted"\\${i}`]),
  );
  const parts = inParts(list);
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.flat()).toEqual(list);
  for (const part of parts)
    expect(
      Buffer.byteLength(JSON.stringify(JSON.stringify(part))),
    ).toBeLessThan(maxMessageBytes);
});

test("an empty list is one empty part, which replaces what was there", () => {
  expect(inParts([])).toEqual([[]]);
});

test("a snapshot of very many paths shows the first of them", () => {
  const paths = Array.from(
    { length: 500 },
    (_, i) => `/${"x".repeat(4000)}/${i}`,
  );
  const [[only]] = inParts([record(1, paths)]) as [[SnapshotRecord]];
  expect(only.paths.length).toBeGreaterThan(5);
  expect(only.paths).toEqual(paths.slice(0, only.paths.length));
  expect(JSON.stringify(only).length).toBeLessThan(maxMessageBytes / 2);
});
