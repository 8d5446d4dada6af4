import type { Sign } from "@restic-manager/shared/identity/keys.ts";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import {
  parseJson,
  signExact,
} from "@restic-manager/shared/identity/signed.ts";
import {
  eventEnvelope,
  type EventEnvelope,
  type LogBatch,
  type LogGap,
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
 * `epoch`; the pair names an event for good, so an epoch is never used again for other events. The newest stored rows are
 * kept: a server whose database was put back to an older copy gets its history again.
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
  /** How many rows are here at all. More than wait may be sent again, until the server has said what it has. */
  size(): number;
  /** The number of the newest row, ever. */
  lastSeq(): number;
  /** The oldest waiting rows after `seq`. */
  read(seq: number, limit: number): OutboxRow[];
  /** What the server says it has stored. @returns whether that is less than it once had */
  commit(mark: CommittedMark): boolean;
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
  /** Most bytes of stored rows that are kept. */
  readonly keptBytes?: number;
}

interface Row {
  seq: number;
  kind: string;
  job_id: string | null;
  body: string;
}

const defaultMaxBytes = 512 * 1024 * 1024;
const defaultKeptBytes = 32 * 1024 * 1024;
/** Share of the limit that is dropped at once, so that a full outbox does not make a gap for every line. */
const dropShare = 0.05;

/** Of the stored rows, up to a number, all but the newest that fit into so many bytes. */
const deleteOldest = `
  DELETE FROM outbox WHERE seq IN (
    SELECT seq FROM (
      SELECT seq, SUM(${rowBytes}) OVER (ORDER BY seq DESC) AS size FROM outbox WHERE seq <= ?
    ) WHERE size > ?
  )
`;

export function createOutbox(deps: OutboxDeps): Outbox {
  const { db, hostId, sign, random } = deps;
  const { maxBytes = defaultMaxBytes, keptBytes = defaultKeptBytes } = deps;
  let listener = () => {};
  let epoch = readMeta(db, "epoch") ?? startEpoch();
  let lastSeq = Number(readMeta(db, "last_seq") ?? 0);
  /** Up to here the server has stored everything. */
  let stored = Number(readMeta(db, "stored_seq") ?? 0);
  /** Of the rows that wait, and of those that are kept. */
  let bytes = sizeOf(stored + 1, lastSeq);
  let kept = sizeOf(0, stored);

  function startEpoch(): string {
    const fresh = toBase64Url(random.bytes(16));
    writeMeta(db, "epoch", fresh);
    writeMeta(db, "last_seq", "0");
    writeMeta(db, "stored_seq", "0");
    return fresh;
  }

  /** Over the rows from one number to another, both included. */
  function total(expression: string, from: number, to: number): number {
    const row = db
      .query(`SELECT ${expression} AS n FROM outbox WHERE seq BETWEEN ? AND ?`)
      .get(from, to) as { n: number | null };
    return row.n ?? 0;
  }

  function sizeOf(from: number, to: number): number {
    return total(`SUM(${rowBytes})`, from, to);
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
    bytes += sizeOf(seq, seq);
  }

  function transaction(work: () => void): void {
    const before = { epoch, lastSeq, stored, bytes, kept };
    try {
      db.transaction(work).immediate();
    } catch (error) {
      ({ epoch, lastSeq, stored, bytes, kept } = before);
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
    const dropped = leastNeeded(db, stored).filter(({ size }) => {
      toFree -= size;
      return toFree > -size;
    });
    const known = gapRows(db, stored);
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
    const rows = rowsAfter(stored, -1);
    db.run("DELETE FROM outbox");
    epoch = startEpoch();
    [lastSeq, stored, bytes, kept] = [0, 0, 0, 0];
    for (const { kind, job_id, body } of rows) {
      const event = parseJson(body, eventEnvelope);
      if (event !== null) insert(kind, job_id, event.p, event.t);
    }
  }

  function rowsAfter(seq: number, limit: number): Row[] {
    return db
      .query(
        "SELECT seq, kind, job_id, body FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?",
      )
      .all(seq, limit) as Row[];
  }

  function moveMark(seq: number): void {
    const moved =
      seq > stored ? sizeOf(stored + 1, seq) : -sizeOf(seq + 1, stored);
    bytes -= moved;
    kept += moved;
    stored = seq;
    writeMeta(db, "stored_seq", String(seq));
    if (kept <= keptBytes) return;
    db.query(deleteOldest).run(seq, keptBytes * (1 - dropShare));
    kept = sizeOf(0, seq);
  }

  /**
   * The server's database is an older one than before. What is still here is sent again; what is not is named as missing, or
   * the server would wait for it for ever.
   */
  function goBack(seq: number): void {
    moveMark(seq);
    const oldest = rowsAfter(seq, 1)[0]?.seq ?? lastSeq + 1;
    if (oldest === seq + 1) return;
    const gap: LogGap = {
      from_seq: seq + 1,
      to_seq: oldest - 1,
      job_ids: [],
    };
    insert("log.gap", null, gap);
  }

  return {
    epoch: () => epoch,
    put: (kind, payload) => put(kind, null, payload),
    putLog: (batch) => put("log", batch.job_id, batch),
    transaction,
    depth: () => total("COUNT(*)", stored + 1, lastSeq),
    size: () => total("COUNT(*)", 0, lastSeq),
    lastSeq: () => lastSeq,
    read: (seq, limit) =>
      rowsAfter(Math.max(seq, stored), limit).map((row) => ({
        seq: row.seq,
        subject: subjectOf(hostId, row),
        body: JSON.stringify(signExact("rm-event-v1", row.body, sign)),
      })),
    commit({ epoch: of, seq }) {
      if (of !== epoch || seq === stored) return false;
      const isOlder = seq < stored;
      transaction(() => {
        if (seq > lastSeq) renumber();
        else if (isOlder) goBack(seq);
        else moveMark(seq);
      });
      return isOlder;
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
