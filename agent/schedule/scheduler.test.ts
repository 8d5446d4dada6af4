import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { createLog } from "../log.ts";
import { openStateDb } from "../state-db.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { createNextFireStore } from "./next-fire-store.ts";
import { nextRun, nextRuns } from "./next-run.ts";
import { createScheduler, type Schedule } from "./scheduler.ts";

const tempDir = createTempDirs();
const hour = 3_600_000;
const start = Date.UTC(2026, 5, 1, 0, 0);
const nightly: Schedule = {
  id: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
  cron: "30 2 * * *",
  enabled: true,
  group_ids: [],
};

/** One life of an agent; another one over the same `dir` is what comes after a restart. */
function live(dir: string, at: number, zone = { tz: "UTC" }) {
  const clock = createManualClock(at);
  let aheadMs = 0;
  const wall = { ...clock, now: () => clock.now() + aheadMs };
  const fires: number[] = [];
  const lines: string[] = [];
  let planned = 0;
  let failing = false;
  const db = openStateDb(join(dir, "agent.db"));
  const scheduler = createScheduler({
    clock: wall,
    random: {
      bytes: (n) => new Uint8Array(n),
      id: () => "",
      fraction: () => 0.5,
    },
    log: createLog({
      level: "info",
      format: "text",
      clock,
      write: (line) => lines.push(line),
    }),
    store: createNextFireStore(db),
    transaction: (work) => db.transaction(work)(),
    tz: () => zone.tz,
    onFire() {
      if (failing) throw new Error("database or disk is full");
      fires.push(clock.now());
    },
    onPlanned: () => planned++,
  });
  return {
    clock,
    fires,
    lines,
    scheduler,
    planned: () => planned,
    fail: (fail: boolean) => void (failing = fail),
    /** Sets the wall clock so far ahead of the true time. */
    setAhead: (ms: number) => void (aheadMs = ms),
  };
}

/** How long after its instant a fire starts, in milliseconds. */
function lateness(fires: number[]): number[] {
  return fires.map((at) => (at - Date.UTC(2026, 5, 1, 2, 30)) % (24 * hour));
}

describe("the scheduler", () => {
  test("fires every night in the host's own zone, within 5 s of the minute [SCH-03]", async () => {
    const { clock, fires, scheduler } = live(tempDir(), start);
    scheduler.set([nightly]);
    scheduler.start();
    await clock.advance(3 * 24 * hour);
    expect(fires).toHaveLength(3);
    for (const late of lateness(fires)) expect(late).toBeWithin(0, 5_000);
  });

  test("a schedule that is set seconds before its time fires on time [SCH-03]", async () => {
    const { clock, fires, scheduler } = live(tempDir(), start);
    scheduler.start();
    await clock.advance(2.5 * hour - 3_000);
    scheduler.set([nightly]);
    await clock.advance(60_000);
    expect(lateness(fires)).toHaveLength(1);
    expect(lateness(fires)[0]).toBeWithin(0, 5_000);
  });

  test("a restart one minute before a fire fires once [AGT-08]", async () => {
    const dir = tempDir();
    const first = live(dir, start);
    first.scheduler.set([nightly]);
    first.scheduler.start();
    await first.clock.advance(2 * hour + 29 * 60_000);
    first.scheduler.stop();
    const second = live(dir, first.clock.now());
    second.scheduler.set([nightly]);
    second.scheduler.start();
    await second.clock.advance(12 * hour);
    expect([first.fires.length, second.fires.length]).toEqual([0, 1]);
  });

  test("what was missed while the agent was down is caught up once, after a moment [AGT-06]", async () => {
    const dir = tempDir();
    const first = live(dir, start);
    first.scheduler.set([nightly]);
    first.scheduler.start();
    first.scheduler.stop();
    const monday = start + 4 * 24 * hour + 9 * hour;
    const second = live(dir, monday);
    second.scheduler.set([nightly]);
    second.scheduler.start();
    await second.clock.advance(30_000);
    expect(second.fires).toEqual([]);
    await second.clock.advance(12 * hour);
    expect(second.fires).toHaveLength(1);
    expect(second.fires[0]).toBeWithin(monday + 60_000, monday + 61_000);
    expect(second.lines.join("")).toContain("caught up");
    await second.clock.advance(12 * hour);
    expect(second.fires).toHaveLength(2);
  });

  test("a host that slept over a fire catches up a minute after it woke, once [SCH-07]", async () => {
    const { clock, fires, scheduler } = live(tempDir(), start);
    scheduler.set([nightly]);
    scheduler.start();
    const wake = start + 8 * hour;
    clock.set(wake);
    await clock.advance(12 * hour);
    expect(fires).toHaveLength(1);
    expect(fires[0]).toBeWithin(wake + 60_000, wake + 71_000);
  });

  test("a host that falls asleep again before it has caught up gets its minute anew [SCH-07]", async () => {
    const { clock, fires, scheduler } = live(tempDir(), start);
    scheduler.set([nightly]);
    scheduler.start();
    clock.set(start + 8 * hour);
    await clock.advance(30_000);
    clock.set(start + 9 * hour);
    await clock.advance(50_000);
    expect(fires).toEqual([]);
    const wake = start + 10 * hour;
    clock.set(wake);
    await clock.advance(12 * hour);
    expect(fires).toHaveLength(1);
    expect(fires[0]).toBeWithin(wake + 60_000, wake + 71_000);
  });

  test("a clock that is set back by an hour repeats nothing; one that was years ahead is planned anew [SCH-03]", async () => {
    const dir = tempDir();
    const first = live(dir, start);
    first.scheduler.set([nightly]);
    first.scheduler.start();
    await first.clock.advance(2.5 * hour + 10_000);
    first.scheduler.stop();
    expect(first.fires).toHaveLength(1);
    const second = live(dir, first.clock.now() - hour);
    second.scheduler.set([nightly]);
    second.scheduler.start();
    await second.clock.advance(23 * hour);
    expect(second.fires).toEqual([]);
    second.scheduler.stop();

    const wrong = tempDir();
    const ahead = live(wrong, Date.UTC(2031, 0, 1));
    ahead.scheduler.set([nightly]);
    ahead.scheduler.start();
    ahead.scheduler.stop();
    const corrected = live(wrong, start);
    corrected.scheduler.set([nightly]);
    corrected.scheduler.start();
    await corrected.clock.advance(24 * hour);
    expect(corrected.fires).toHaveLength(1);
    expect(corrected.planned()).toBeGreaterThan(0);
  });

  test("a clock that was ahead at the start, and is set right before the catching up, silences nothing [SCH-03]", async () => {
    const dir = tempDir();
    const first = live(dir, start);
    first.scheduler.set([nightly]);
    first.scheduler.start();
    first.scheduler.stop();
    const { clock, fires, scheduler, setAhead } = live(dir, start + hour);
    setAhead(90 * 24 * hour);
    scheduler.set([nightly]);
    scheduler.start();
    await clock.advance(30_000);
    setAhead(0);
    await clock.advance(2 * 24 * hour);
    expect(lateness(fires)).toHaveLength(2);
    for (const late of lateness(fires)) expect(late).toBeWithin(0, 5_000);
  });

  test("a schedule that is edited in the seconds in which it fires still fires, once", async () => {
    const { clock, fires, scheduler } = live(tempDir(), start);
    scheduler.set([nightly]);
    scheduler.start();
    await clock.advance(2.5 * hour + 1_000);
    expect(fires).toEqual([]);
    scheduler.set([{ ...nightly, cron: "45 2 * * *" }]);
    await clock.advance(10_000);
    expect(fires).toHaveLength(1);
    await clock.advance(15 * 60_000);
    expect(fires).toHaveLength(2);
  });

  test("a fire is planned and handed over together, or neither", async () => {
    const dir = tempDir();
    const broken = live(dir, start);
    broken.scheduler.set([nightly]);
    broken.scheduler.start();
    broken.fail(true);
    await broken.clock.advance(2.5 * hour + 30_000);
    expect(broken.fires).toEqual([]);
    broken.fail(false);
    await broken.clock.advance(30_000);
    expect(broken.fires).toHaveLength(1);
  });

  test("a new or changed schedule has missed nothing", async () => {
    const { clock, fires, scheduler } = live(tempDir(), start);
    scheduler.set([nightly]);
    scheduler.start();
    await clock.advance(hour);
    scheduler.set([{ ...nightly, cron: "30 0 * * *" }]);
    await clock.advance(12 * hour);
    expect(fires).toEqual([]);
    await clock.advance(12 * hour);
    expect(fires).toHaveLength(1);
  });

  test("a schedule that is switched off or removed does not fire, and nothing is caught up when it returns", async () => {
    const { clock, fires, scheduler } = live(tempDir(), start);
    scheduler.set([nightly]);
    scheduler.start();
    scheduler.set([{ ...nightly, enabled: false }]);
    await clock.advance(12 * hour);
    scheduler.set([nightly]);
    await clock.advance(hour);
    expect(fires).toEqual([]);
  });

  test("a host that moves to another zone is planned anew", async () => {
    const zone = { tz: "UTC" };
    const { clock, fires, scheduler, planned } = live(tempDir(), start, zone);
    scheduler.set([nightly]);
    scheduler.start();
    zone.tz = "America/New_York";
    await clock.advance(5 * hour);
    expect(fires).toEqual([]);
    expect(planned()).toBe(1);
    await clock.advance(2 * hour);
    expect(fires).toHaveLength(1);
    expect(scheduler.preview()[0]?.next[0]).toBe("2026-06-02T06:30:00.000Z");
  });

  test("a cron text that cannot be read is named and stops nothing else", async () => {
    const { clock, fires, scheduler, lines } = live(tempDir(), start);
    scheduler.set([
      { ...nightly, id: "01ARZ3NDEKTSV4RRFFQ69G5FAW", cron: "5#2 * * * *" },
      nightly,
    ]);
    scheduler.start();
    await clock.advance(24 * hour);
    expect(fires).toHaveLength(1);
    expect(lines.join("")).toContain("cannot be read");
    expect(scheduler.preview()[0]?.error).toContain("cron");
  });
});

describe("the next run", () => {
  test.each([
    ["Europe/Berlin", 8760],
    ["America/New_York", 8760],
    ["Asia/Kolkata", 8760],
    ["Australia/Lord_Howe", 8760],
  ])(
    "an hourly schedule runs every hour of a year with clock changes in %s",
    (tz, hours) => {
      const from = Date.UTC(2026, 0, 1) - 1;
      const runs = nextRuns("0 * * * *", from, tz, 9_000).filter(
        (at) => at <= from + 365 * 24 * hour,
      );
      expect(runs).toHaveLength(hours);
    },
  );

  test("the hour that summer time skips runs once, right after; the one that comes twice runs once", () => {
    const spring = nextRuns(
      "30 2 * * *",
      Date.UTC(2026, 2, 28, 12),
      "Europe/Berlin",
      2,
    );
    expect(spring.map((at) => new Date(at).toISOString())).toEqual([
      "2026-03-29T01:30:00.000Z",
      "2026-03-30T00:30:00.000Z",
    ]);
    const autumn = nextRuns(
      "30 2 * * *",
      Date.UTC(2026, 9, 24, 12),
      "Europe/Berlin",
      2,
    );
    expect(autumn.map((at) => new Date(at).toISOString())).toEqual([
      "2026-10-25T00:30:00.000Z",
      "2026-10-26T01:30:00.000Z",
    ]);
  });

  test("a date that never comes has no next run", () => {
    expect(nextRun("0 0 31 2 *", start, "UTC")).toBeNull();
  });
});
