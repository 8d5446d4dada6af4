import { join } from "node:path";
import { expect, test } from "bun:test";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import type { JobDone } from "@restic-manager/shared/protocol/event.ts";
import { FailureError } from "../failure-error.ts";
import { LinkError } from "../link/link.ts";
import { createLog } from "../log.ts";
import { openStateDb } from "../state-db.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { FolderTooLargeError } from "./builder.ts";
import { createIndexing } from "./indexing.ts";
import { createPendingStore } from "./pending-store.ts";
import type { SendOutcome } from "./send.ts";

const tempDir = createTempDirs();
const repository = { url: "/repo", credential: { password: "x", env: {} } };
const [r, unknown] = [
  "01ARZ3NDEKTSV4RRFFQ69G5FAV",
  "01ARZ3NDEKTSV4RRFFQ69G5FAX",
];
const snapshot = (n: number) => String(n).repeat(64);
const minute = 60_000;
const day = 24 * 60 * minute;
const start = Date.UTC(2026, 0, 1);

function setUp(file = join(tempDir(), "agent.db"), at = start) {
  const clock = createManualClock(at);
  const lines: string[] = [];
  const sent: string[] = [];
  const stop = new AbortController();
  const state = { busy: false, online: true, enabled: true };
  let answer = async (): Promise<SendOutcome> => "sent";
  const db = openStateDb(file);
  const indexing = createIndexing({
    pending: createPendingStore(db),
    send({ snapshotId }) {
      sent.push(snapshotId[0] ?? "");
      return answer();
    },
    isEnabled: () => state.enabled,
    isOnline: () => state.online,
    isBusy: () => state.busy,
    repository: (id) => (id === r ? repository : undefined),
    clock,
    log: createLog({
      level: "info",
      format: "text",
      clock,
      write: (line) => lines.push(line),
    }),
    stopping: stop.signal,
  });
  indexing.start();
  const ended = (n: number, change: Partial<JobDone> = {}) =>
    indexing.jobEnded({
      kind: "backup",
      repository_id: r,
      stats: { snapshot_id: snapshot(n) },
      ...change,
    } as JobDone);
  return {
    clock,
    lines,
    sent,
    stop,
    state,
    indexing,
    ended,
    file,
    db,
    answerWith: (next: () => Promise<SendOutcome>) => void (answer = next),
  };
}

test("new snapshots wait for the jobs of this host; one that somebody waits for does not [RTR-01]", async () => {
  const { clock, sent, state, indexing, ended } = setUp();
  state.busy = true;
  ended(1);
  ended(2);
  await clock.advance(10 * minute);
  expect(sent).toEqual([]);
  indexing.ask(r, snapshot(3));
  await clock.advance(0);
  expect(sent).toEqual(["3"]);
  state.busy = false;
  await clock.advance(minute);
  expect(sent).toEqual(["3", "2", "1"]);
  await clock.advance(day);
  expect(sent).toHaveLength(3);
});

test("only snapshots of backups are told, and none when that is switched off [RTR-01]", async () => {
  const { clock, sent, state, indexing, ended } = setUp();
  ended(1, { kind: "check" });
  ended(2, { stats: null });
  ended(3, { stats: { snapshot_id: "abcd1234" } });
  state.enabled = false;
  ended(4);
  await clock.advance(day);
  expect(sent).toEqual([]);
  indexing.ask(r, snapshot(5));
  await clock.advance(0);
  expect(sent).toEqual(["5"]);
});

test("one at a time [RTR-01]", async () => {
  const { clock, sent, ended, indexing, answerWith } = setUp();
  const first = Promise.withResolvers<SendOutcome>();
  answerWith(() => first.promise);
  ended(1);
  await clock.advance(0);
  ended(2);
  indexing.ask(r, snapshot(3));
  indexing.wake();
  await clock.advance(5 * minute);
  expect(sent).toEqual(["1"]);
  answerWith(async () => "sent");
  first.resolve("sent");
  await clock.advance(0);
  expect(sent).toEqual(["1", "3", "2"]);
});

test.each([
  ["a repository that is away", new FailureError("repository_unreachable")],
  ["a server that does not answer", new LinkError("timeout", "no answer")],
  ["a fault of the agent", new Error("disk I/O error")],
])(
  "%s is tried again, less and less often, for a week [RTR-01]",
  async (_name, error) => {
    const { clock, sent, ended, answerWith } = setUp();
    answerWith(() => Promise.reject(error));
    ended(1);
    await clock.advance(minute - 1);
    expect(sent).toHaveLength(1);
    await clock.advance(10 * minute);
    expect(sent).toHaveLength(4);
    await clock.advance(8 * day);
    expect(sent.length).toBeLessThan(50);
    const tries = sent.length;
    await clock.advance(8 * day);
    expect(sent).toHaveLength(tries);
  },
);

test("one that takes the agent down with it is tried ever more rarely, and given up after a week [RTR-01]", async () => {
  const first = setUp();
  first.ended(1);
  first.db.close();
  let tries = 0;
  // Each life of the agent ends in the middle of it, and begins anew two minutes later.
  const life = async (at: number) => {
    const agent = setUp(first.file, at);
    agent.answerWith(() => {
      tries++;
      return new Promise(() => {});
    });
    agent.indexing.wake();
    await agent.clock.advance(0);
    agent.db.close();
  };
  const restartMs = 2 * minute;
  for (let n = 0; n < 60; n++) await life(start + n * restartMs);
  expect(tries).toBeWithin(5, 10);
  await life(start + 8 * day);
  const last = tries;
  await life(start + 9 * day);
  expect(tries).toBe(last);
});

test("another snapshot need not wait for one that fails [RTR-01]", async () => {
  const { clock, sent, ended, answerWith } = setUp();
  answerWith(async () => "refused");
  ended(1);
  await clock.advance(0);
  answerWith(async () => "sent");
  ended(2);
  await clock.advance(0);
  expect(sent).toEqual(["1", "2"]);
});

test("a full disk ends nothing: what waits is told once it can be kept [RTR-01]", async () => {
  const { clock, lines, sent, ended, answerWith, db } = setUp();
  answerWith(async () => {
    db.run("PRAGMA query_only = 1");
    return "refused";
  });
  ended(1);
  await clock.advance(0);
  expect(lines.join("")).toContain("cannot be kept");
  db.run("PRAGMA query_only = 0");
  answerWith(async () => "sent");
  await clock.advance(minute);
  expect(sent).toEqual(["1", "1"]);
});

test("what is gone or not wanted is dropped [RTR-01]", async () => {
  const { clock, lines, sent, ended, answerWith } = setUp();
  answerWith(() => Promise.reject(new FailureError("snapshot_missing")));
  ended(1);
  await clock.advance(0);
  answerWith(async () => "unwanted");
  ended(2);
  ended(3, { repository_id: unknown });
  await clock.advance(0);
  answerWith(() => Promise.reject(new FolderTooLargeError("/mail")));
  ended(4);
  await clock.advance(8 * day);
  expect(sent).toEqual(["1", "2", "4"]);
  expect(lines.filter((line) => line.includes("/mail"))).toHaveLength(1);
});

test("a repository that this host does not know is refused to whoever asks [RTR-01]", () => {
  const { indexing } = setUp();
  expect(() => indexing.ask(unknown, snapshot(1))).toThrow(FailureError);
});

test("what waits survives the end of the agent, and a server that is away [RTR-01]", async () => {
  const before = setUp();
  before.state.online = false;
  before.ended(1);
  await before.clock.advance(day);
  expect(before.sent).toEqual([]);
  before.stop.abort("agent_stopped");
  before.state.online = true;
  await before.indexing.stop();
  await before.clock.advance(day);
  expect(before.sent).toEqual([]);
  before.db.close();
  const after = setUp(before.file);
  after.indexing.wake();
  await after.clock.advance(0);
  expect(after.sent).toEqual(["1"]);
});

test("what an orderly end of the agent interrupts goes on at its next start [RTR-01]", async () => {
  const before = setUp();
  before.answerWith(async () => {
    before.stop.abort("agent_stopped");
    throw new FailureError("agent_stopped");
  });
  before.ended(1);
  await before.clock.advance(0);
  await before.indexing.stop();
  before.db.close();
  const after = setUp(before.file);
  after.indexing.wake();
  await after.clock.advance(0);
  expect(after.sent).toEqual(["1"]);
});
