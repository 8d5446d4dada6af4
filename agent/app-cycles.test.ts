import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { runAgent } from "./app.ts";
import { systemClock } from "./clock.ts";
import { readConfig } from "./config.ts";
import { readApproval } from "./identity/approval.ts";
import { createLog } from "./log.ts";
import { createRandom } from "./random.ts";
import { approve, identityIn, pathsIn } from "./testing/agent-process.ts";
import { testEnv } from "./testing/programs.ts";
import { createTempDirs } from "./testing/temp-dir.ts";
import { startTestServer } from "./testing/test-server.ts";
import { until } from "./testing/until.ts";

setDefaultTimeout(120_000);
const tempDir = createTempDirs();

/** The machine's clock, which knows what has not come yet. */
function countingClock(): Clock & { pending(): number } {
  let pending = 0;
  return {
    now: systemClock.now,
    after(ms, task) {
      let isOpen = true;
      const settle = () => {
        if (isOpen) pending--;
        isOpen = false;
      };
      pending++;
      const cancel = systemClock.after(ms, () => {
        settle();
        task();
      });
      return () => {
        settle();
        cancel();
      };
    },
    pending: () => pending,
  };
}

/** What this process holds open, in kinds: files by name, sockets and pipes by their number. */
function openFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(join("/proc/self/fd", fd)).replace(/\[\d+\]$/, "")];
    } catch {
      // The descriptor of this very listing.
      return [];
    }
  });
}

test("fifty starts and stops in one process leave no timer, socket or file behind [RES-10]", async () => {
  const dir = tempDir();
  const identity = identityIn(dir);
  const server = await startTestServer(tempDir(), identity);
  approve(dir, server);
  const paths = pathsIn(dir);
  const clock = countingClock();
  const random = createRandom(clock);
  const log = createLog({
    level: "error",
    format: "text",
    clock,
    write: (line) => process.stderr.write(line),
  });
  const config = readConfig(paths.config);
  const approval = readApproval(paths.approval);
  if (config === null || approval === null) throw new Error("not approved");

  async function cycle(): Promise<void> {
    const stop = new AbortController();
    const greeted = server.requests("hello");
    const ended = runAgent({
      paths,
      assetsDir: join(dir, "no-assets"),
      env: testEnv,
      clock,
      random,
      log,
      config: config as NonNullable<typeof config>,
      identity,
      approval: approval as NonNullable<typeof approval>,
      signal: stop.signal,
    });
    await until("the greeting", () => server.requests("hello") > greeted);
    stop.abort();
    expect(await ended).toBe("stopped");
  }

  for (let n = 0; n < 5; n++) await cycle();
  const before = openFiles();
  for (let n = 0; n < 45; n++) {
    await cycle();
    expect(clock.pending()).toBe(0);
  }
  // The runtime closes a connection a moment after it was told to.
  await until(
    "as few open files as before",
    () => openFiles().length <= before.length,
  );
  expect(openFiles().filter((name) => name.includes(dir))).toEqual([]);
  await server.stop();
});
