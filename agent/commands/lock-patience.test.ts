import { join } from "node:path";
import { expect, mock, test } from "bun:test";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { createOutbox } from "../link/outbox.ts";
import { createLog } from "../log.ts";
import { createRandom } from "../random.ts";
import { signingKey } from "../identity/keys.ts";
import type { ResticEnd } from "../restic/exit-codes.ts";
import type { ResticCall } from "../restic/run.ts";
import { openStateDb } from "../state-db.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import type { Turn } from "./jobs.ts";
import { createLockSuspects } from "./lock-suspects.ts";
import { runPatiently } from "./lock-patience.ts";

const tempDir = createTempDirs();
const repositoryId = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const repository = { url: "/srv/r", credential: { password: "p", env: {} } };
const lockId = (n: number) => String(n).repeat(64);
const minute = 60_000;
const isGone = (pid: number) => pid === 666 || pid === 777;

interface Held {
  readonly hostname: string;
  readonly pid: number;
  /** When it was last refreshed; absent: at every look anew. */
  readonly time?: string;
}

/** A repository whose locks are `held`, and a restic that judges them as a real one does. `reused`: by a living process; `killed`: the restic that does the work, in the middle of it. */
function locked(held: Held[], { reused = 0, killed = 0 } = {}) {
  const manual = createManualClock();
  let aheadMs = 0;
  const clock = { ...manual, now: () => manual.now() + aheadMs };
  const db = openStateDb(join(tempDir(), "agent.db"));
  const suspects = createLockSuspects(db);
  const { sign } = signingKey(new Uint8Array(32).fill(4));
  const stamp = () => new Date(clock.now()).toISOString();
  const outbox = createOutbox({
    db,
    hostId: "habcdefghijkl",
    sign,
    time: { stamp },
    random: createRandom(clock),
  });
  const calls: string[] = [];
  const lines: string[] = [];
  const run = async (call: ResticCall): Promise<ResticEnd> => {
    const [verb = "", what] = call.args;
    calls.push(
      [
        ...call.args,
        ...(verb === "prune" ? [String(call.retryLockS)] : []),
      ].join(" "),
    );
    call.onStart?.(killed);
    const say = (line: string) =>
      call.onMessage?.({ type: "text", line }, "stdout", line);
    if (verb === "list") for (const n of held.keys()) say(lockId(n));
    if (verb === "cat" && what === "lock")
      say(
        JSON.stringify({
          username: "root",
          exclusive: true,
          time: stamp(),
          ...held[Number(call.args[2]?.[0])],
        }),
      );
    const isStale = ({ hostname, pid, time = stamp() }: Held) =>
      clock.now() - Date.parse(time) > 30 * minute ||
      (hostname === "endpoint" && isGone(pid) && pid !== reused);
    if (verb === "unlock")
      held.splice(0, held.length, ...held.filter((lock) => !isStale(lock)));
    const isKilled = verb === "prune" && killed > 0;
    const code = verb === "prune" && held.length > 0 ? 11 : 0;
    return {
      exit: isKilled
        ? { code: null, signal: "SIGKILL", startError: null }
        : { code, signal: null, startError: null },
      stopped: null,
      meaning: null,
      words: "",
    };
  };
  const abort = new AbortController();
  const start = (turn?: Turn) =>
    runPatiently(
      {
        ...(turn === undefined ? {} : { turn }),
        runner: { run },
        clock,
        log: createLog({ level: "error", format: "text", clock, write() {} }),
        time: { stamp },
        outbox,
        suspects,
        hostname: () => "endpoint",
        isGone,
        stopping: new AbortController().signal,
      },
      {
        jobId: repositoryId,
        repositoryId,
        log: {
          add: (_kind, _stream, text) => void lines.push(text),
          file: () => {},
          flush: () => {},
          lines: () => 0,
        },
        onLocked: () => {},
      },
      { args: ["prune"], repository, limitMs: 1, signal: abort.signal },
    );
  const reports = () => outbox.lastSeq();
  /** Sets the wall clock so far ahead of the true time. */
  const setAhead = (ms: number) => void (aheadMs = ms);
  /** As on a full disk: nothing is kept any more. */
  const fillDisk = () => db.exec("PRAGMA query_only = 1");
  const own = { suspects, setAhead, abort, fillDisk };
  return { ...own, clock, held, calls, lines, start, reports };
}

test("a lock of another host is waited for, named once, and given up after an hour [LCK-02]", async () => {
  const { clock, calls, lines, start, reports } = locked([
    { hostname: "elsewhere", pid: 4711 },
  ]);
  const ended = start();
  for (let minute = 0; minute < 61 * 4; minute++) await clock.advance(15_000);
  expect((await ended).exit.code).toBe(11);
  const prunes = calls.filter((call) => call.startsWith("prune"));
  expect(prunes.length).toBeGreaterThan(60);
  expect(new Set(prunes)).toEqual(new Set(["prune 10"]));
  expect(calls.filter((call) => call.startsWith("unlock"))).toEqual([]);
  expect(lines).toHaveLength(1);
  expect(reports()).toBe(1);
  expect(lines[0]).toContain("process 4711 (root on elsewhere)");
});

test.each([-1, 1])(
  "the hour is one of waiting, also when the clock is set by %d day meanwhile [LCK-02]",
  async (days) => {
    const { clock, setAhead, start } = locked([
      { hostname: "elsewhere", pid: 4711 },
    ]);
    const onEnd = mock();
    const ended = start().finally(onEnd);
    for (let n = 0; n < 20 * 4; n++) await clock.advance(15_000);
    setAhead(days * 24 * 60 * 60_000);
    for (let n = 0; n < 30 * 4; n++) await clock.advance(15_000);
    expect(onEnd).not.toHaveBeenCalled();
    for (let n = 0; n < 16 * 4; n++) await clock.advance(15_000);
    expect(onEnd).toHaveBeenCalled();
    expect((await ended).exit.code).toBe(11);
  },
);

test("a lock of a dead process of this host is removed, and the job goes on [LCK-01]", async () => {
  const { clock, calls, suspects, start } = locked([
    { hostname: "endpoint", pid: 666 },
  ]);
  suspects.add(repositoryId, 666);
  expect((await start()).exit.code).toBe(0);
  expect(calls.filter((call) => /^(unlock|prune)/.test(call))).toEqual([
    "unlock -q",
    "prune 10",
  ]);
  expect(suspects.has(repositoryId)).toBe(false);
  expect(clock.pending()).toBe(0);
});

test("a dead process whose id another one has now: its lock goes when it is old, and never together with all others [LCK-01]", async () => {
  const held: Held[] = [];
  const { clock, calls, suspects, start } = locked(held, { reused: 666 });
  const time = new Date(clock.now()).toISOString();
  held.push({ hostname: "endpoint", pid: 666, time });
  suspects.add(repositoryId, 666);
  const ended = start();
  for (let n = 0; n < 29 * 4; n++) await clock.advance(15_000);
  expect(held).toHaveLength(1);
  for (let n = 0; n < 2 * 4; n++) await clock.advance(15_000);
  expect((await ended).exit.code).toBe(0);
  expect(calls.filter((call) => call.includes("--remove-all"))).toEqual([]);
});

test("beside the lock of a restic that was killed here, one of a machine of the same name stays [LCK-01]", async () => {
  const clone = { hostname: "endpoint", pid: 777 };
  const { clock, calls, held, suspects, start, abort } = locked([clone]);
  suspects.add(repositoryId, 666);
  const ended = start();
  for (let n = 0; n < 4; n++) await clock.advance(15_000);
  expect(calls.filter((call) => call.startsWith("unlock"))).toEqual([]);
  // restic's own unlock would take both.
  suspects.add(repositoryId, 666);
  held.push({ hostname: "endpoint", pid: 666 });
  for (let n = 0; n < 4; n++) await clock.advance(15_000);
  expect(held).toHaveLength(2);
  held.shift();
  for (let n = 0; n < 4; n++) await clock.advance(15_000);
  expect(held).toEqual([]);
  abort.abort("cancelled");
  await ended;
});

test("the lock of a restic that is killed while it works goes at once [LCK-01]", async () => {
  const { held, calls, start } = locked([{ hostname: "endpoint", pid: 777 }], {
    killed: 777,
  });
  expect((await start()).exit.signal).toBe("SIGKILL");
  expect(calls).toContain("unlock -q");
  expect(held).toEqual([]);
});

test("a restic of another machine of the same name, which refreshes its lock, is waited for [LCK-01] [LCK-02]", async () => {
  const { clock, calls, held, lines, start } = locked([
    { hostname: "endpoint", pid: 666 },
  ]);
  const ended = start();
  for (let minute = 0; minute < 30 * 4; minute++) await clock.advance(15_000);
  expect(calls.filter((call) => call.startsWith("unlock"))).toEqual([]);
  expect(lines.join()).toContain("may be alive");
  held.length = 0;
  for (let n = 0; n < 3; n++) await clock.advance(15_000);
  expect((await ended).exit.code).toBe(0);
});

test("a lock of this host that nobody expected is removed once it is not refreshed any more [LCK-01]", async () => {
  const held = [{ hostname: "endpoint", pid: 666, time: "" }];
  const { clock, calls, start } = locked(held);
  held[0] = {
    hostname: "endpoint",
    pid: 666,
    time: new Date(clock.now()).toISOString(),
  };
  const ended = start();
  for (let n = 0; n < 5 * 4; n++) await clock.advance(15_000);
  expect(calls.filter((call) => call.startsWith("unlock"))).toEqual([]);
  for (let n = 0; n < 2 * 4; n++) await clock.advance(15_000);
  expect((await ended).exit.code).toBe(0);
  expect(calls).toContain("unlock -q");
});

test("a living process of this host keeps its lock [LCK-01]", async () => {
  const { clock, calls, start, abort } = locked([
    { hostname: "endpoint", pid: 4711 },
  ]);
  const ended = start();
  await clock.advance(15_000);
  abort.abort("cancelled");
  expect((await ended).stopped).toBe("cancelled");
  expect(calls.filter((call) => call.startsWith("unlock"))).toEqual([]);
});

test("what was told of a lock is taken back when the job got through [LCK-02]", async () => {
  const { clock, held, start, reports, lines } = locked([
    { hostname: "elsewhere", pid: 4711 },
  ]);
  const ended = start();
  await clock.advance(1_000);
  held.length = 0;
  await clock.advance(15_000);
  expect((await ended).exit.code).toBe(0);
  expect(lines).toHaveLength(1);
  expect(reports()).toBe(2);
});

test("who is queued behind a job that waits goes first at once, and the job waits on afterwards [LCK-02]", async () => {
  const { clock, calls, held, lines, start } = locked([
    { hostname: "elsewhere", pid: 4711 },
  ]);
  const queued = new AbortController();
  const other = Promise.withResolvers<void>();
  const turn: Turn = {
    hint: "Backups go first.",
    wanted: () => queued.signal,
    giveWay: mock(async (onNext: (kind: "backup") => void) => {
      if (!queued.signal.aborted) return;
      onNext("backup");
      await other.promise;
    }),
  };
  const ended = start(turn);
  for (let n = 0; n < 3 * 4; n++) await clock.advance(15_000);
  expect(lines.join()).toContain("elsewhere");
  expect(lines.join()).toContain("up to an hour. Backups go first.");
  const before = calls.length;
  queued.abort();
  // Much longer than the hour of waiting.
  for (let n = 0; n < 2 * 60 * 4; n++) await clock.advance(15_000);
  expect(calls).toHaveLength(before);
  expect(lines.at(-1)).toContain("go first: backup");
  held.length = 0;
  other.resolve();
  await clock.advance(0);
  expect((await ended).exit.code).toBe(0);
});

test("a lock that is not refreshed any more is named again with its age [LCK-02]", async () => {
  const held: Held[] = [];
  const { clock, lines, start, abort } = locked(held);
  const time = new Date(clock.now()).toISOString();
  held.push({ hostname: "elsewhere", pid: 4711, time });
  const ended = start();
  for (let n = 0; n < 31 * 4; n++) await clock.advance(15_000);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/\((29|30) min ago\)\. If its restic is dead/);
  abort.abort("cancelled");
  await ended;
});

test("how a job ended, and that it waits, is told also when a full disk keeps nothing of locks [LCK-01] [LCK-02]", async () => {
  const killed = locked([], { killed: 777 });
  killed.fillDisk();
  expect((await killed.start()).exit.signal).toBe("SIGKILL");

  const { clock, held, lines, start, fillDisk } = locked([
    { hostname: "elsewhere", pid: 4711 },
  ]);
  fillDisk();
  const ended = start();
  for (let n = 0; n < 3 * 4; n++) await clock.advance(15_000);
  expect(lines).toHaveLength(1);
  held.length = 0;
  for (let n = 0; n < 4; n++) await clock.advance(15_000);
  expect((await ended).exit.code).toBe(0);
});
