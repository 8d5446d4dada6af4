import { beforeEach, describe, expect, test } from "bun:test";
import { z } from "zod";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { openSqlite, type SqliteStore } from "../adapters/sqlite-db.ts";
import type { BusMessage, BusStream } from "../ports/bus.ts";
import type { Transaction } from "../ports/transaction.ts";
import {
  createTestAgent,
  insertTestHost,
  type TestAgent,
} from "../testing/test-agent.ts";
import { createTestLog } from "../testing/test-log.ts";
import { createEventRegistry } from "./events.ts";
import { createHostKeys } from "./host-keys.ts";
import { createIngest } from "./ingest.ts";
import { readCommitted } from "./mark-store.ts";
import { mostRanges } from "./mark.ts";

const clock = createManualClock();
const agent = createTestAgent(clock, 1);
const other = createTestAgent(clock, 2);

let store: SqliteStore;
let harness: ReturnType<typeof createHarness>;

beforeEach(async () => {
  store = openSqlite(":memory:");
  await insertTestHost(store.db, agent);
  await insertTestHost(store.db, other);
  harness = createHarness(store.tx);
});

/** An ingest whose handlers count into `settings`, so that a rolled back event leaves no trace. */
function createHarness(tx: Transaction) {
  const log = createTestLog();
  const registry = createEventRegistry();
  const deliver = new Map<
    BusStream,
    (messages: readonly BusMessage[]) => Promise<void>
  >();
  const followedUp: number[] = [];
  registry.on(
    "job.done",
    z.object({ fail: z.string().optional() }),
    async (trx, event) => {
      const key = `${event.hostId}/${event.epoch}/${event.seq}`;
      const before = await trx
        .selectFrom("settings")
        .where("key", "=", key)
        .select("key")
        .executeTakeFirst();
      await trx
        .insertInto("settings")
        .values({
          // An event that is handled twice must show; a failing handler would be passed over.
          key: before === undefined ? key : `${key} again`,
          value: "{}",
          updated_at: event.t,
        })
        .execute();
      if (event.payload.fail !== undefined) {
        const error = new Error("The handler fails.");
        throw Object.assign(error, { code: event.payload.fail });
      }
      return () => {
        followedUp.push(event.seq);
      };
    },
  );
  createIngest({
    bus: {
      ingest(stream, onBatch) {
        deliver.set(stream, onBatch);
        return () => {};
      },
    },
    tx,
    hostKeys: createHostKeys(store.db, clock),
    registry,
    clock,
    log,
  }).start();
  return {
    log,
    followedUp,
    deliver: (messages: readonly BusMessage[], stream: BusStream = "events") =>
      deliver.get(stream)?.(messages),
  };
}

async function stored(): Promise<string[]> {
  const rows = await store.db
    .selectFrom("settings")
    .select("key")
    .orderBy("key")
    .execute();
  return rows.map((row) => row.key);
}

function key(of: TestAgent, seq: number): string {
  return `${of.hostId}/${of.epoch}/${seq}`;
}

function done(seq: number, of: TestAgent = agent): BusMessage {
  return of.event(seq, "job.done", {});
}

function committed(of: TestAgent = agent): Promise<number> {
  return readCommitted(store.db, of);
}

async function rowsAbove(): Promise<number> {
  return (await store.db.selectFrom("agent_events").selectAll().execute())
    .length;
}

describe("events of agents", () => {
  test("a message delivered twice changes nothing the second time [TRN-06]", async () => {
    await harness.deliver([done(1), done(2), done(1)]);
    await harness.deliver([done(1), done(2)]);
    expect(await stored()).toEqual([key(agent, 1), key(agent, 2)]);
    expect(harness.followedUp).toEqual([1, 2]);
    expect(await committed()).toBe(2);
  });

  test("the mark waits for a hole and passes everything behind it once it is filled", async () => {
    await harness.deliver([done(5), done(3)]);
    await harness.deliver([done(1)]);
    expect(await committed()).toBe(1);
    await harness.deliver([done(3), done(5), done(4)]);
    expect(await committed()).toBe(1);
    await harness.deliver([done(2)]);
    expect(await committed()).toBe(5);
    expect(harness.followedUp).toEqual([5, 3, 1, 4, 2]);
    expect(await rowsAbove()).toBe(0);
  });

  test("hosts and epochs count on their own", async () => {
    const reinstalled = { ...agent, epoch: "another" };
    await harness.deliver([
      done(1),
      done(1, other),
      agent.event(1, "job.done", {}, { epoch: reinstalled.epoch }),
    ]);
    expect(await stored()).toHaveLength(3);
    expect(await committed(reinstalled)).toBe(1);
  });

  test("what 10,000 lines a second bring in 100 ms, of any number of hosts, is one transaction [JOB-09]", async () => {
    let transactions = 0;
    const counted = createHarness({
      run(work) {
        transactions += 1;
        return store.tx.run(work);
      },
    });
    const lines = Array.from({ length: 50 }, (_, n) => `line ${n}`.padEnd(120));
    const messages = Array.from({ length: 20 }, (_, i) =>
      (i % 2 === 0 ? agent : other).event(1 + (i >> 1), "log", { lines }),
    );
    await counted.deliver(messages, "logs");
    expect(transactions).toBe(1);
    expect([await committed(agent), await committed(other)]).toEqual([10, 10]);
  });

  test("a crash between commit and acknowledgement stores nothing twice", async () => {
    const batch = [done(1), done(2)];
    await harness.deliver(batch);
    // The acknowledgement never reached the broker: a new process gets the batch again.
    harness = createHarness(store.tx);
    await harness.deliver(batch);
    expect(await stored()).toHaveLength(2);
    expect(harness.followedUp).toEqual([]);
  });

  test("nothing is followed up before the transaction has committed", async () => {
    const failing = createHarness({
      run: (work) =>
        store.tx.run(async (trx) => {
          await work(trx);
          throw Object.assign(new Error("disk full"), { code: "SQLITE_FULL" });
        }),
    });
    await expect(failing.deliver([done(1)])).rejects.toThrow("disk full");
    expect(failing.followedUp).toEqual([]);
    expect(await committed()).toBe(0);
    await harness.deliver([done(1)]);
    expect(await stored()).toEqual([key(agent, 1)]);
  });

  test("a signature by another key is passed over and named in the log", async () => {
    const forged = { ...done(1, other), hostId: agent.hostId };
    await harness.deliver([
      forged,
      { ...done(2), text: done(2).text.replace("job.done", "job.dome") },
      { ...done(3), text: "not json" },
      done(4),
    ]);
    expect(await stored()).toEqual([key(agent, 4)]);
    const reasons = harness.log.entries.map((entry) => entry.fields.reason);
    expect(reasons).toEqual(["signature_invalid", "not_signed_text"]);
  });

  test("an event signed before the host's key was replaced is still believed, for a while", async () => {
    const signedBefore = { ...done(1, other), hostId: agent.hostId };
    const text = other.signed("rm-event-v1", {
      v: 1,
      host: agent.hostId,
      epoch: agent.epoch,
      seq: 1,
      t: "2026-01-01T00:00:00.000Z",
      kind: "job.done",
      p: {},
    });
    await store.db
      .insertInto("former_keys")
      .values({
        public_key: other.publicKey,
        host_id: agent.hostId,
        host_name: "nas",
        fingerprint: other.fingerprint,
        since: "2026-01-01T00:00:00.000Z",
        until: toTimestamp(clock.now()),
        reason: "rotated",
      })
      .execute();
    await harness.deliver([{ ...signedBefore, text }]);
    expect(await stored()).toEqual([key(agent, 1)]);
  });

  test("holes without end fill no table, and cost another host nothing [TRN-10]", async () => {
    const holes = Array.from({ length: 3 * mostRanges }, (_, i) =>
      done(2 * i + 3),
    );
    await harness.deliver([...holes, done(1, other)]);
    expect(await rowsAbove()).toBe(mostRanges);
    expect(await committed(other)).toBe(1);
    // What fills the first hole is still taken, and what was left out comes again.
    await harness.deliver([done(1), done(2)]);
    expect(await committed()).toBe(3);
    await harness.deliver(holes.slice(-1));
    expect(await rowsAbove()).toBe(mostRanges);
  });

  test("epochs without end fill no table [TRN-10]", async () => {
    for (let i = 0; i < 200; i++)
      await harness.deliver([
        agent.event(1, "job.done", {}, { epoch: `made-up-${i}` }),
      ]);
    const rows = await store.db.selectFrom("agent_streams").selectAll();
    expect(await rows.execute()).toHaveLength(64);
  });

  test("a host that sends nothing to be believed is one line a minute in the log [TRN-10]", async () => {
    const forged = { ...done(1, other), hostId: agent.hostId };
    const flood = Array.from({ length: 500 }, () => forged);
    await harness.deliver(flood);
    await clock.advance(60_000);
    await harness.deliver([forged]);
    const counts = harness.log.entries.map((entry) => entry.fields.count);
    expect(counts).toEqual([1, 500]);
  });

  test("an envelope that names another host is passed over", async () => {
    await harness.deliver([
      agent.event(1, "job.done", {}, { host: other.hostId }),
    ]);
    expect(await stored()).toEqual([]);
    expect(await committed(other)).toBe(0);
    expect(harness.log.entries[0]?.fields.reason).toBe("wrong_subject");
  });

  test("a host that is not in the store is passed over", async () => {
    await harness.deliver([done(1, createTestAgent(clock, 3)), done(1)]);
    expect(await stored()).toEqual([key(agent, 1)]);
    expect(harness.log.entries[0]?.fields.reason).toBe("unknown_host");
  });

  test("an event that cannot be stored blocks nothing behind it", async () => {
    await harness.deliver([
      done(1),
      agent.event(2, "job.done", { fail: "ODD" }),
      done(3),
    ]);
    expect(await stored()).toEqual([key(agent, 1), key(agent, 3)]);
    expect(await committed()).toBe(3);
    expect(harness.followedUp).toEqual([1, 3]);
    const failed = harness.log.entries.find((e) => e.level === "error");
    expect(failed?.fields).toMatchObject({ kind: "job.done", seq: 2 });
  });

  test("an unusable store gives the batch back to the broker", async () => {
    const batch = [
      done(1),
      agent.event(2, "job.done", { fail: "SQLITE_FULL" }),
    ];
    await expect(harness.deliver(batch)).rejects.toThrow("The handler fails.");
    expect(await stored()).toEqual([]);
    expect(await committed()).toBe(0);
  });

  test("unknown kinds and payloads of another shape are passed over for good", async () => {
    await harness.deliver([
      agent.event(1, "from.the.future", { x: 1 }),
      agent.event(2, "job.done", { fail: 7 }),
      done(3),
    ]);
    expect(await committed()).toBe(3);
    expect(await stored()).toEqual([key(agent, 3)]);
  });

  test("rows that an agent dropped are passed by the mark, also before older ones arrive", async () => {
    const gap = { from_seq: 3, to_seq: 400_000, job_ids: [] };
    await harness.deliver([agent.event(400_001, "log.gap", gap)]);
    expect(await rowsAbove()).toBe(2);
    await harness.deliver([done(1), done(7)]);
    expect(await committed()).toBe(1);
    await harness.deliver([done(2)]);
    expect(await committed()).toBe(400_001);
    expect(await stored()).toEqual([key(agent, 1), key(agent, 2)]);
    expect(await rowsAbove()).toBe(0);
  });

  test("a gap that reaches beyond its own number moves nothing", async () => {
    const gap = { from_seq: 1, to_seq: 9_000, job_ids: [] };
    await harness.deliver([agent.event(2, "log.gap", gap)]);
    expect(await committed()).toBe(0);
  });

  test("both lanes share one sequence", async () => {
    await harness.deliver([done(2)]);
    await harness.deliver([agent.event(1, "log", { job_id: "x" })], "logs");
    expect(await committed()).toBe(2);
  });
});
