import { describe, expect, test } from "bun:test";
import type { MaintenanceKind } from "@restic-manager/shared/domain/job.ts";
import type { MaintenanceSecret } from "@restic-manager/shared/protocol/command.ts";
import type { JobDone } from "@restic-manager/shared/protocol/event.ts";
import type { StopReason } from "../restic/exit-codes.ts";
import type { ResticCall } from "../restic/run.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { upkeepDeps } from "../testing/upkeep-deps.ts";
import { runUpkeep } from "./upkeep.ts";

const tempDir = createTempDirs();
const id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/** What a call of restic comes to: what it prints, or an exit code, or that it was stopped. */
type Answer = string | number;
const stops: readonly Answer[] = ["cancelled", "agent_stopped"];

/** Runs one job with a restic that answers as told. */
async function upkeep(
  kind: MaintenanceKind,
  answer: (command: string, stop: AbortController) => Answer,
  more: Partial<MaintenanceSecret> = {},
): Promise<JobDone | undefined> {
  const stop = new AbortController();
  async function run({ args, onMessage }: ResticCall) {
    const said = answer(args.join(" "), stop);
    const stopped = stops.includes(said) ? (said as StopReason) : null;
    if (typeof said === "string" && stopped === null)
      onMessage?.({ type: "text", line: said }, "stdout", said);
    const code = typeof said === "number" ? said : 0;
    const exit =
      stopped === null
        ? { code, signal: null, startError: null }
        : { code: null, signal: "SIGINT", startError: null };
    return { exit, stopped, meaning: null, words: "" };
  }
  let done: JobDone | undefined;
  await runUpkeep(
    {
      ...upkeepDeps(tempDir(), run),
      ended: (ended) => void (done = ended),
    },
    { job_id: id, kind, actor: "system", repository_id: id },
    {
      url: "/srv/r",
      credential: { password: "p", env: {} },
      restic_id: null,
      groups: [{ host: "endpoint", tag: "etc", retention: { last: 1 } }],
      ...more,
    },
    stop.signal,
  );
  return done;
}

const config = JSON.stringify({ id: "a".repeat(64) });

describe.each(["cancelled", "agent_stopped"] as const)(
  "a job that is ended (%s) is cancelled, not failed [JOB-07]",
  (reason) => {
    test.each(["forget", "prune", "check", "unlock"] as const)(
      "while %s still opens the repository",
      async (kind) => {
        const done = await upkeep(kind, (_command, stop) => {
          stop.abort(reason);
          return reason;
        });
        expect(done?.outcome).toBe("cancelled");
        expect(done?.error?.code).toBe(reason);
      },
    );

    test("while forget still lists the snapshots", async () => {
      const done = await upkeep("forget", (command, stop) => {
        if (!command.startsWith("snapshots")) return config;
        stop.abort(reason);
        return reason;
      });
      expect(done?.outcome).toBe("cancelled");
      expect(done?.error?.code).toBe(reason);
    });
  },
);

test("unlock all cures a repository with a lock that cannot be read [MNT-05]", async () => {
  let isLocked = true;
  const answer = (command: string): Answer => {
    if (command === "unlock -q --remove-all") isLocked = false;
    if (command.startsWith("list")) return isLocked ? "c".repeat(64) : "";
    if (command.startsWith("cat lock")) return 1;
    return config;
  };
  const done = await upkeep("unlock", answer, { all: true });
  expect(done?.outcome).toBe("succeeded");
  expect(done?.upkeep).toEqual({ locks_removed: 0, locks_left: 0 });
  isLocked = true;
  const half = await upkeep("unlock", answer);
  expect(half?.outcome).toBe("failed");
});
