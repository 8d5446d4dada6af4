import { expect, test } from "bun:test";
import { jobDone } from "@restic-manager/shared/protocol/event.ts";
import { maxMessageBytes } from "@restic-manager/shared/protocol/topic.ts";
import type { ResticEnd } from "../restic/exit-codes.ts";
import type { ResticCall } from "../restic/run.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { upkeepDeps } from "../testing/upkeep-deps.ts";
import { forget } from "./forget.ts";

const tempDir = createTempDirs();
const id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/** restic with a repository in which nothing is. */
async function run({ args, onMessage }: ResticCall): Promise<ResticEnd> {
  const said: Record<string, string> = {
    cat: JSON.stringify({ id: "a".repeat(64) }),
    snapshots: "[]",
    forget: "[]",
  };
  const line = said[args[0] ?? ""] ?? "";
  onMessage?.({ type: "text", line }, "stdout", line);
  return {
    exit: { code: 0, signal: null, startError: null },
    stopped: null,
    meaning: null,
    words: "",
  };
}

test("a repository of more source groups than a message holds is tidied as well, and the log names each [MNT-01]", async () => {
  const deps = upkeepDeps(tempDir(), run);
  const { stamp } = deps.time;
  const groups = Array.from({ length: 1_001 }, (_, n) => ({
    host: `${n}-${"h".repeat(240)}`,
    tag: "t".repeat(64),
    retention: { last: 1 },
  }));
  const lines: string[] = [];
  const { signal } = new AbortController();
  const request = {
    job_id: id,
    kind: "forget" as const,
    actor: "system" as const,
    repository_id: id,
  };
  const ended = await forget({
    deps,
    request,
    secret: {
      url: "/srv/r",
      credential: { password: "p", env: {} },
      restic_id: null,
      groups,
    },
    log: {
      add: (_kind, _stream, text) => void lines.push(text),
      file: () => {},
      flush: () => {},
      lines: () => lines.length,
    },
    signal,
  });
  const done = {
    ...request,
    schedule_id: null,
    source_group_id: null,
    due_at: null,
    outcome: ended.outcome,
    started_at: stamp(),
    finished_at: stamp(),
    exit_code: ended.exitCode,
    error: ended.error,
    stats: null,
    upkeep: ended.upkeep,
    log_lines: lines.length,
  };
  expect(jobDone.parse(done).outcome).toBe("succeeded");
  expect(JSON.stringify(JSON.stringify(done)).length).toBeLessThan(
    maxMessageBytes,
  );
  const told = lines.filter((line) => line.includes("0 removed, 0 kept"));
  expect(told).toHaveLength(groups.length);
});
