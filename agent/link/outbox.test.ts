import { Database } from "bun:sqlite";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import {
  openSigned,
  parseJson,
  signedText,
} from "@restic-manager/shared/identity/signed.ts";
import {
  eventEnvelope,
  type EventEnvelope,
  type LogGap,
} from "@restic-manager/shared/protocol/event.ts";
import { signingKey, verifySignature } from "../identity/keys.ts";
import { createRandom } from "../random.ts";
import { openStateDb } from "../state-db.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { createOutbox, type Outbox } from "./outbox.ts";

const tempDir = createTempDirs();
const key = signingKey(new Uint8Array(32).fill(4));
const job = (n: number) => `01ARZ3NDEKTSV4RRFFQ69G5FA${n}`;

function open(
  dir: string,
  maxBytes?: number,
  sign = key.sign,
  keptBytes?: number,
): Outbox {
  const clock = createManualClock();
  const db = openStateDb(join(dir, "agent.db"));
  const time = { stamp: () => "2026-01-01T00:00:00.000Z" };
  return createOutbox({
    db,
    hostId: "habcdefghijkl",
    sign,
    time,
    random: createRandom(clock),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(keptBytes === undefined ? {} : { keptBytes }),
  });
}

function events(outbox: Outbox): EventEnvelope[] {
  return outbox.read(0, 1000).map(({ body }) => {
    const signed = parseJson(body, signedText);
    const event =
      signed === null
        ? null
        : openSigned(
            "rm-event-v1",
            signed,
            key.publicKey,
            verifySignature,
            eventEnvelope,
          );
    if (event === null) throw new Error("not signed by the agent");
    return event;
  });
}

function logLine(outbox: Outbox, jobId: string, text: string): void {
  outbox.putLog({
    job_id: jobId,
    lines: [{ n: 1, t: "", s: "stdout", l: text, k: "new" }],
  });
}

describe("the outbox", () => {
  test("numbers everything from 1 without holes and signs it", () => {
    const outbox = open(tempDir());
    outbox.put("job.started", { a: 1 });
    logLine(outbox, job(1), "x");
    outbox.put("job.done", { a: 2 });
    expect(events(outbox).map(({ seq, kind }) => [seq, kind])).toEqual([
      [1, "job.started"],
      [2, "log"],
      [3, "job.done"],
    ]);
    expect(outbox.read(0, 9).map(({ subject }) => subject as string)).toEqual([
      "rm.v1.habcdefghijkl.evt.job.started",
      `rm.v1.habcdefghijkl.log.${job(1)}`,
      "rm.v1.habcdefghijkl.evt.job.done",
    ]);
  });

  test("keeps rows, epoch and numbers over a restart", () => {
    const dir = tempDir();
    const first = open(dir);
    first.put("job.started", {});
    first.put("job.done", {});
    first.commit({ epoch: first.epoch(), seq: 1 });
    const second = open(dir);
    expect(second.epoch()).toBe(first.epoch());
    second.put("cfg.applied", {});
    expect(events(second).map(({ seq }) => seq)).toEqual([2, 3]);
  });

  test("does not use a number again when everything was stored", () => {
    const dir = tempDir();
    const first = open(dir);
    first.put("job.done", {});
    first.commit({ epoch: first.epoch(), seq: 1 });
    const second = open(dir);
    second.put("job.done", {});
    expect(events(second).map(({ seq }) => seq)).toEqual([2]);
  });

  test("deletes only what the server has stored of this epoch", () => {
    const outbox = open(tempDir());
    for (let i = 0; i < 5; i++) outbox.put("job.done", { i });
    outbox.commit({ epoch: "another", seq: 5 });
    expect(outbox.depth()).toBe(5);
    outbox.commit({ epoch: outbox.epoch(), seq: 3 });
    expect(events(outbox).map(({ seq }) => seq)).toEqual([4, 5]);
  });

  test("a server that went back to an older database gets again what it had [TRN-06]", () => {
    const dir = tempDir();
    const outbox = open(dir);
    const { epoch } = outbox;
    for (let i = 1; i <= 6; i++) outbox.put("job.done", { i });
    expect(outbox.commit({ epoch: epoch(), seq: 5 })).toBe(false);
    expect([outbox.depth(), outbox.size()]).toEqual([1, 6]);

    const again = open(dir);
    expect([again.depth(), again.size()]).toEqual([1, 6]);
    expect(again.commit({ epoch: epoch(), seq: 2 })).toBe(true);
    expect(events(again).map(({ seq, p }) => [seq, p])).toEqual(
      [3, 4, 5, 6].map((i) => [i, { i }]),
    );
    expect(again.commit({ epoch: epoch(), seq: 6 })).toBe(false);
    expect(again.depth()).toBe(0);
  });

  test("what is no longer here is named as missing to a server that went back", () => {
    const outbox = open(tempDir(), undefined, key.sign, 4_000);
    for (let i = 1; i <= 100; i++)
      outbox.put("job.done", { i, text: "x".repeat(500) });
    outbox.commit({ epoch: outbox.epoch(), seq: 100 });
    expect(outbox.size()).toBeLessThan(10);
    expect(outbox.size()).toBeGreaterThan(2);

    outbox.commit({ epoch: outbox.epoch(), seq: 20 });
    const left = events(outbox);
    const oldest = left[0]?.seq ?? 0;
    expect(left.at(-1)).toMatchObject({
      kind: "log.gap",
      seq: 101,
      p: { from_seq: 21, to_seq: oldest - 1 },
    });
    expect(left).toHaveLength(101 - oldest + 1);
  });

  test("a full outbox gives up nothing of what the server has, and says nothing about it", () => {
    const outbox = open(tempDir(), 20_000);
    for (let i = 0; i < 10; i++) logLine(outbox, job(1), "x".repeat(1000));
    outbox.commit({ epoch: outbox.epoch(), seq: 10 });
    for (let i = 0; i < 15; i++) logLine(outbox, job(2), "y".repeat(1000));
    expect(events(outbox).map(({ kind }) => kind)).toEqual(
      Array.from({ length: 15 }, () => "log"),
    );
    expect(outbox.size()).toBe(25);
  });

  test("a failed transaction leaves neither rows nor a used number", () => {
    const outbox = open(tempDir());
    outbox.put("job.started", {});
    const failing = () =>
      outbox.transaction(() => {
        outbox.put("job.done", {});
        throw new Error("no");
      });
    expect(failing).toThrow("no");
    outbox.put("job.done", { again: true });
    expect(events(outbox).map(({ seq, p }) => [seq, p])).toEqual([
      [1, {}],
      [2, { again: true }],
    ]);
  });

  test("when the server has stored more than was ever made here, what waits gets an epoch of its own", () => {
    const outbox = open(tempDir());
    outbox.put("job.started", { n: 1 });
    outbox.put("job.done", { n: 2 });
    const before = outbox.epoch();
    outbox.commit({ epoch: before, seq: 40 });
    expect(outbox.epoch()).not.toBe(before);
    expect(
      events(outbox).map(({ seq, kind, epoch, p }) => [seq, kind, epoch, p]),
    ).toEqual([
      [1, "job.started", outbox.epoch(), { n: 1 }],
      [2, "job.done", outbox.epoch(), { n: 2 }],
    ]);
  });

  test("a new state file is a new epoch", () => {
    expect(open(tempDir()).epoch()).not.toBe(open(tempDir()).epoch());
  });

  test("when full it drops the oldest log rows, says which, and keeps results [AGT-07]", () => {
    const outbox = open(tempDir(), 20_000);
    outbox.put("job.started", {});
    for (let i = 0; i < 8; i++) logLine(outbox, job(1), "x".repeat(1000));
    outbox.put("job.done", { job: 1 });
    for (let i = 0; i < 20; i++) logLine(outbox, job(2), "y".repeat(1000));
    const left = events(outbox);
    expect(left.filter(({ kind }) => kind === "job.done")).toHaveLength(1);
    expect(left.filter(({ kind }) => kind === "job.started")).toHaveLength(1);
    const seqs = new Set(left.map(({ seq }) => seq));
    const gaps = left
      .filter(({ kind }) => kind === "log.gap")
      .map(({ p }) => p as LogGap);
    expect(gaps.length).toBeGreaterThan(0);
    for (const { from_seq, to_seq } of gaps)
      for (let seq = from_seq; seq <= to_seq; seq++) seqs.add(seq);
    // Every number is either there or named by a gap, and a gap names nothing that is there.
    expect([...seqs].sort((a, b) => a - b)).toEqual(
      Array.from({ length: outbox.lastSeq() }, (_, i) => i + 1),
    );
    expect(gaps.flatMap(({ job_ids }) => job_ids)).toContain(job(1));
    for (const { from_seq, to_seq } of gaps)
      expect(
        left.filter(({ seq }) => seq >= from_seq && seq <= to_seq),
      ).toEqual([]);
  });

  test("signs by the key of the moment it is read, also what an older agent had signed when it was put [ENR-14]", () => {
    const dir = tempDir();
    const old = signingKey(new Uint8Array(32).fill(5));
    let signer = old;
    const outbox = open(dir, undefined, (message) => signer.sign(message));
    outbox.put("job.started", { n: 1 });
    signer = key;
    expect(events(outbox)).toMatchObject([{ seq: 1, p: { n: 1 } }]);

    const db = new Database(join(dir, "agent.db"));
    const signed = open(dir, undefined, old.sign).read(0, 1)[0]?.body ?? "";
    db.run("UPDATE outbox SET body = ?", [signed]);
    toFirstVersion(db);
    db.close();
    expect(events(open(dir))).toMatchObject([{ seq: 1, p: { n: 1 } }]);
  });

  test("many small reports and lists that later ones replace are bounded too, and every result stays [AGT-07]", () => {
    const outbox = open(tempDir(), 100_000);
    const rev = (n: number) => String(n).padStart(26, "0");
    for (let n = 1; n <= 400; n++) {
      outbox.put("job.started", { n });
      outbox.put("cfg.applied", { rev: n });
      outbox.put("snap.part", {
        repository_id: job(1),
        rev: rev(n),
        snapshots: "s".repeat(500),
      });
      if (n % 4 === 0) outbox.put("job.done", { n });
    }
    const left = events(outbox);
    const of = (kind: string) => left.filter((event) => event.kind === kind);
    expect(of("job.done")).toHaveLength(100);
    expect(of("cfg.applied").at(-1)?.p).toEqual({ rev: 400 });
    expect(of("snap.part").at(-1)?.p).toMatchObject({ rev: rev(400) });
    expect(JSON.stringify(left).length).toBeLessThan(110_000);
    // Full as it is, it has not given up one row more than it had to.
    expect(JSON.stringify(left).length).toBeGreaterThan(50_000);
    const seqs = new Set(left.map(({ seq }) => seq));
    for (const { p } of of("log.gap"))
      for (let seq = (p as LogGap).from_seq; seq <= (p as LogGap).to_seq; seq++)
        seqs.add(seq);
    expect(seqs.size).toBe(outbox.lastSeq());
  });
});

/** What the file's first version did not have. */
function toFirstVersion(db: Database): void {
  for (const table of [
    "retries",
    "busy_fires",
    "suspect_restics",
    "pending_indexes",
    "index_generations",
    "sent_trees",
    "sent_roots",
  ])
    db.run(`DROP TABLE ${table}`);
  db.run("ALTER TABLE next_fires DROP COLUMN planned_at");
  db.run("ALTER TABLE jobs DROP COLUMN hooked");
  db.run("PRAGMA user_version = 1");
}
