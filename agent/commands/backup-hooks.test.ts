import { join } from "node:path";
import { expect, test } from "bun:test";
import { noHooks } from "@restic-manager/shared/domain/hook.ts";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import type { HookCall, HookEnd, HookRunner } from "../hooks/run-hook.ts";
import { createLog } from "../log.ts";
import { openStateDb } from "../state-db.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { runPostHook } from "./backup-hooks.ts";
import { createJobStore } from "./job-store.ts";

const tempDir = createTempDirs();

/** By default one that goes on until it is told to end, of a job whose agent may be told to stop. */
function startPostHook(run: HookRunner["run"] = untilStopped) {
  const clock = createManualClock();
  const stopping = new AbortController();
  const warnings: string[] = [];
  const call = Promise.withResolvers<HookCall>();
  const deps = {
    clock,
    log: createLog({ level: "error", format: "text", clock, write() {} }),
    stopping: stopping.signal,
    jobs: createJobStore(openStateDb(join(tempDir(), "agent.db"))),
    live: () => {},
    hooks: {
      run(made: HookCall) {
        call.resolve(made);
        return run(made);
      },
    },
  };
  const log = {
    add: (_kind: string, _stream: string, text: string) =>
      void warnings.push(text),
    file: () => {},
    flush: () => {},
    lines: () => 0,
  };
  const group = { name: "default", hooks: { ...noHooks, post: "sleep 600" } };
  const job = { jobId: "01JGG8V4N000000000000000J1", group, shell: null };
  const ended = runPostHook(deps, job, log, { status: "failed" });
  return { clock, stopping, warnings, call: call.promise, ended };
}

function untilStopped({ signal }: HookCall): Promise<HookEnd> {
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve({ type: "stopped" })),
  );
}

test("a post-hook that this host cannot run is a warning, and takes no result from its backup [HKS-02]", async () => {
  const { warnings, ended } = startPostHook(() =>
    Promise.reject(new Error("no space left on device")),
  );
  await ended;
  expect(warnings.join()).toContain("no space left on device");
});

test("an agent that is told to stop gives a post-hook half a minute [AGT-10] [HKS-02]", async () => {
  const { clock, stopping, warnings, call, ended } = startPostHook();
  const { signal, limitMs } = await call;
  expect(limitMs).toBe(600_000);
  await clock.advance(300_000);
  stopping.abort("agent_stopped");
  await clock.advance(29_000);
  expect(signal.aborted).toBe(false);
  await clock.advance(1_000);
  await ended;
  expect(warnings.join()).toContain("ended before it was done");
  expect(clock.pending()).toBe(0);
});
