import type { Sign } from "@restic-manager/shared/identity/keys.ts";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import { parseJson, signText } from "@restic-manager/shared/identity/signed.ts";
import {
  eventEnvelope,
  type EventEnvelope,
  type LogBatch,
} from "@restic-manager/shared/protocol/event.ts";
import type { CommittedMark } from "@restic-manager/shared/protocol/hello.ts";
import {
  topic,
  type EventKind,
  type Subject,
} from "@restic-manager/shared/protocol/topic.ts";
import type { Random } from "../random.ts";
import { readMeta, writeMeta, type StateDb } from "../state-db.ts";
import { gapRows, gapsOf, leastNeeded, rowBytes } from "./outbox-room.ts";
import type { ServerTime } from "./server-time.ts";

/**
 * Everything this host reports durably, until the server has stored it. Rows are numbered from 1 without holes within an
 * `epoch`; the pair names an event for good, so an epoch is never used again for other events.
 */
export interface Outbox {
  epoch(): string;
  /** On disk when it returns. */
  put(kind: EventKind, payload: unknown): void;
  putLog(batch: LogBatch): void;
  /** Several puts and other writes of the state database, all or nothing. */
  transaction(work: () => void): void;
  /** How many rows wait for the server. */
  depth(): number;
  /** The number of the newest row, ever. */
  lastSeq(): number;
  /** The oldest rows after `seq`. */
  read(seq: number, limit: number): OutboxRow[];
  /** What the server says it has stored. */
  commit(mark: CommittedMark): void;
  /** Called after each put; there is one listener. */
  onPut(listener: () => void): void;
}

export interface OutboxRow {
  readonly seq: number;
  readonly subject: Subject;
  /** JSON of `signedText`, signed as it is read: the key may have been another when the row was put. */
  readonly body: string;
}

export interface OutboxDeps {
  readonly db: StateDb;
  readonly hostId: string;
  readonly sign: Sign;
  readonly time: Pick<ServerTime, "stamp">;
  readonly random: Random;
  /** Most bytes that may wait; beyond, what can be done without is dropped, log rows above all. Results never are. */
  readonly maxBytes?: number;
}

interface Row {
  seq: number;
  kind: string;
  job_id: string | null;
  body: string;
}

const defaultMaxBytes = 512 * 1024 * 1024;
/** Share of the limit that is dropped at once, so that a full outbox does not make a gap for every line. */
const dropShare = 0.05;

export function createOutbox(deps: OutboxDeps): Outbox {
  const { db, hostId, sign, random, maxBytes = defaultMaxBytes } = deps;
  let listener = () => {};
  let epoch = readMeta(db, "epoch") ?? startEpoch();
  let lastSeq = Number(readMeta(db, "last_seq") ?? 0);
  let bytes = total(`SUM(${rowBytes})`);

  function startEpoch(): string {
    const fresh = toBase64Url(random.bytes(16));
    writeMeta(db, "epoch", fresh);
    writeMeta(db, "last_seq", "0");
    return fresh;
  }

  /** Over the rows from one number to another, both included. */
  function total(expression: string, to = lastSeq, from = 0): number {
    const row = db
      .query(`SELECT ${expression} AS n FROM outbox WHERE seq BETWEEN ? AND ?`)
      .get(from, to) as { n: number | null };
    return row.n ?? 0;
  }

  function insert(
    kind: string,
    jobId: string | null,
    payload: unknown,
    t: string = deps.time.stamp(),
  ): void {
    const seq = lastSeq + 1;
    const event: EventEnvelope = {
      v: 1,
      host: hostId,
      epoch,
      seq,
      t,
      kind,
      p: payload,
    };
    const body = JSON.stringify(event);
    db.query(
      "INSERT INTO outbox (seq, kind, job_id, body) VALUES (?, ?, ?, ?)",
    ).run(seq, kind, jobId, body);
    writeMeta(db, "last_seq", String(seq));
    lastSeq = seq;
    bytes += total(`SUM(${rowBytes})`, seq, seq);
  }

  function transaction(work: () => void): void {
    const before = { lastSeq, bytes };
    try {
      db.transaction(work).immediate();
    } catch (error) {
      ({ lastSeq, bytes } = before);
      throw error;
    }
    listener();
  }

  function put(kind: string, jobId: string | null, payload: unknown): void {
    transaction(() => {
      insert(kind, jobId, payload);
      if (bytes > maxBytes) makeRoom();
    });
  }

  function makeRoom(): void {
    let toFree = bytes - maxBytes * (1 - dropShare);
    const dropped = leastNeeded(db).filter(({ size }) => {
      toFree -= size;
      return toFree > -size;
    });
    const known = gapRows(db);
    for (const { seq, size } of [...dropped, ...known]) {
      db.query("DELETE FROM outbox WHERE seq = ?").run(seq);
      bytes -= size;
    }
    for (const gap of gapsOf(dropped, known)) insert("log.gap", null, gap);
  }

  /**
   * The server has stored more of this epoch than was ever made here: this state is an old copy, for example of a
   * restored virtual machine. What waits is sent under new numbers, or the server would take it for known.
   */
  function renumber(): void {
    const rows = db
      .query("SELECT seq, kind, job_id, body FROM outbox ORDER BY seq")
      .all() as Row[];
    db.run("DELETE FROM outbox");
    epoch = startEpoch();
    lastSeq = 0;
    bytes = 0;
    for (const { kind, job_id, body } of rows) {
      const event = parseJson(body, eventEnvelope);
      if (event !== null) insert(kind, job_id, event.p, event.t);
    }
  }

  return {
    epoch: () => epoch,
    put: (kind, payload) => put(kind, null, payload),
    putLog: (batch) => put("log", batch.job_id, batch),
    transaction,
    depth: () => total("COUNT(*)"),
    lastSeq: () => lastSeq,
    read(seq, limit) {
      const rows = db
        .query(
          "SELECT seq, kind, job_id, body FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?",
        )
        .all(seq, limit) as Row[];
      return rows.map((row) => ({
        seq: row.seq,
        subject: subjectOf(hostId, row),
        body: JSON.stringify(
          signText("rm-event-v1", JSON.parse(row.body), sign),
        ),
      }));
    },
    commit(mark) {
      if (mark.epoch !== epoch) return;
      if (mark.seq > lastSeq) return transaction(renumber);
      bytes -= total(`SUM(${rowBytes})`, mark.seq);
      db.query("DELETE FROM outbox WHERE seq <= ?").run(mark.seq);
    },
    onPut(next) {
      listener = next;
    },
  };
}

function subjectOf(hostId: string, { kind, job_id }: Row): Subject {
  return kind === "log" && job_id !== null
    ? topic.log(hostId, job_id)
    : topic.event(hostId, kind as EventKind);
}
