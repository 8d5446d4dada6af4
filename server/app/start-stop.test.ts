import { afterAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { systemClock } from "../clock.ts";
import { createTestApp } from "../testing/test-app.ts";
import { settle } from "../testing/test-endpoint.ts";

const place = createTestApp();
afterAll(place.remove);

/** The machine's clock, and how many timers are set. */
function countingClock() {
  const timers = new Set<object>();
  const clock: Clock = {
    now: systemClock.now,
    after(ms, task) {
      const timer = {};
      timers.add(timer);
      const cancel = systemClock.after(ms, () => {
        timers.delete(timer);
        task();
      });
      return () => {
        timers.delete(timer);
        cancel();
      };
    },
  };
  return { clock, timers };
}

/** What this process holds open: files by name, sockets and pipes by kind. */
function open(): string[] {
  return readdirSync("/proc/self/fd")
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).replace(/\[\d+\]$/, "");
      } catch {
        return "";
      }
    })
    .filter((name) => name !== "" && !name.startsWith("/proc/"))
    .toSorted();
}

/** Pids of the programs this process has started and that still run. */
function children(): string {
  return readdirSync("/proc/self/task")
    .map((task) => readFileSync(`/proc/self/task/${task}/children`, "utf8"))
    .join("")
    .trim();
}

async function isReady(url: string): Promise<boolean> {
  const headers = { Connection: "close" };
  return (await fetch(`${url}/readyz`, { headers })).ok;
}

test("fifty starts and stops leave no timer, no socket, no file and no process [RES-10]", async () => {
  const { clock, timers } = countingClock();
  let before: string[] = [];
  for (let cycle = 0; cycle < 50; cycle++) {
    const app = await place.start(clock);
    // Every other one is stopped while it still connects to its broker.
    if (cycle % 2 === 0) while (!(await isReady(app.url))) await settle();
    await app.stop();
    expect([cycle, timers.size, children()]).toEqual([cycle, 0, ""]);
    // What is loaded when it is first used, for example a worker, is there from then on.
    if (cycle === 2) before = open();
  }
  // The kernel closes a socket a moment after its owner has let go of it.
  const end = systemClock.now() + 10_000;
  while (!isDeepStrictEqual(open(), before) && systemClock.now() < end)
    await settle();
  expect(open()).toEqual(before);
}, 60_000);
