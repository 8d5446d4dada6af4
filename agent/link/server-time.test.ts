import { join } from "node:path";
import { expect, test } from "bun:test";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { openStateDb } from "../state-db.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { createServerTime } from "./server-time.ts";

const tempDir = createTempDirs();
const at = Date.parse("2026-01-01T00:00:00Z");
const minutes = (n: number) => n * 60_000;

/** A host whose own clock can be set. */
function setUp() {
  const boot = createManualClock(0);
  let wall = at;
  const clock = { ...boot, now: () => wall + boot.now() };
  const db = openStateDb(join(tempDir(), "agent.db"));
  const create = () => createServerTime(clock, boot.now, db);
  return {
    boot,
    clock,
    create,
    set: (ms: number) => void (wall += ms),
  };
}

test("what was learnt holds when the host's clock is set forward or back", async () => {
  const { boot, clock, create, set } = setUp();
  const time = create();
  time.learn(new Date(at + minutes(7)).toISOString(), clock.now());
  for (const step of [minutes(60), -minutes(90), minutes(24 * 60)]) {
    set(step);
    expect(time.now()).toBe(at + minutes(7) + boot.now());
    await boot.advance(minutes(1));
    expect(time.now()).toBe(at + minutes(7) + boot.now());
  }
});

test("before anything was learnt in this life, a clock that is set is one that is corrected", () => {
  const { create, set } = setUp();
  const time = create();
  set(minutes(30));
  expect(time.now()).toBe(at + minutes(30));
});

test("what was learnt is known at the next start, also after a step", () => {
  const { clock, create, set } = setUp();
  const time = create();
  time.learn(new Date(at + minutes(7)).toISOString(), clock.now());
  set(minutes(60));
  expect(create().now()).toBe(at + minutes(67));
  time.now();
  expect(create().now()).toBe(at + minutes(7));
});

test("a time that no server can have is not believed", () => {
  const { clock, create } = setUp();
  const time = create();
  for (const said of ["9999-12-31T23:59:59.999Z", "0000-01-01T00:00:00Z", "?"])
    time.learn(said, clock.now());
  expect(time.now()).toBe(at);
});

test("how far the host's clock is ahead of the server's is known, also after it was set", () => {
  const { clock, create, set } = setUp();
  const time = create();
  expect(time.skew()).toBe(0);
  time.learn(new Date(at + minutes(7)).toISOString(), clock.now());
  expect(time.skew()).toBe(-minutes(7));
  set(minutes(60));
  expect(time.skew()).toBe(minutes(53));
});
