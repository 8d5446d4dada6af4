import { describe, expect, test } from "bun:test";
import { replay, versions } from "./fixtures/replay.ts";
import { parseMessage } from "./messages.ts";

const data = "/tmp/restic-fixture/data";

describe.each(versions)("output of restic %s [RST-01]", (version) => {
  test("a first backup names its new files and its summary", () => {
    const { messages, facts } = replay(version, "backup-first");
    const files = messages.filter((m) => m.type === "file");
    expect(files.map((f) => [f.action, f.path]).sort()).toEqual([
      ["new", `${data}/a.txt`],
      ["new", `${data}/sub/übung.txt`],
    ]);
    expect(facts.summary).toMatchObject({
      files_new: 2,
      total_files_processed: 2,
      total_bytes_processed: 12,
      errors: 0,
    });
    expect(facts.summary?.snapshot_id).toMatch(/^([0-9a-f]{8}|[0-9a-f]{64})$/);
  });

  test("a second backup tells new, changed and unchanged files apart", () => {
    const { messages } = replay(version, "backup-changed");
    const files = messages.filter((m) => m.type === "file");
    expect(files.map((f) => [f.action, f.path]).sort()).toEqual([
      ["changed", `${data}/a.txt`],
      ["new", `${data}/b.txt`],
    ]);
    expect(messages.some((m) => m.type === "unchanged")).toBe(true);
    expect(messages.filter((m) => m.type === "scanned")).toHaveLength(1);
  });

  test("an unreadable file is an error with its path and reason", () => {
    const { messages, facts } = replay(version, "backup-unreadable");
    expect(facts.errors).toBe(1);
    expect(messages.find((m) => m.type === "error")).toEqual({
      type: "error",
      path: `${data}/secret.txt`,
      message: `open ${data}/secret.txt: permission denied`,
    });
  });

  test("progress comes as numbers", () => {
    const { messages } = replay(version, "backup-cancelled");
    const last = messages.findLast((m) => m.type === "status");
    expect(last?.status).toMatchObject({
      percent_done: 1,
      total_files: 8,
      files_done: 8,
      bytes_done: 4194331,
    });
  });
});

test("fields and kinds of a future restic are ignored [RST-01]", () => {
  expect(parseMessage('{"message_type":"weather","sun":true}')).toEqual({
    type: "other",
  });
  expect(
    parseMessage(
      '{"message_type":"status","percent_done":0.5,"moon":1,"total_files":"many"}',
    ),
  ).toEqual({ type: "other" });
  const status = parseMessage(
    '{"message_type":"status","percent_done":0.5,"moon":1}',
  );
  expect(status.type === "status" && status.status.percent_done).toBe(0.5);
  expect(parseMessage("{not json")).toEqual({
    type: "text",
    line: "{not json",
  });
});
