import { Database } from "bun:sqlite";

/** What an endpoint itself wrote down, in the same transactions: every job it took on and every event it made. */
export interface Journal {
  /** Ids of jobs it took on. */
  readonly jobs: ReadonlySet<string>;
  /** Ends it reported, by job. More than one only when it told two different stories. */
  readonly ends: ReadonlyMap<string, readonly End[]>;
  /** Text of each line of each job's log, by its number. */
  readonly lines: ReadonlyMap<string, ReadonlyMap<number, string>>;
  /** Jobs of which it says that lines are gone. */
  readonly gaps: ReadonlySet<string>;
}

export interface End {
  readonly job_id: string;
  readonly outcome: string;
  readonly log_lines: number;
  readonly stats: { readonly snapshot_id?: string } | null;
}

interface Line {
  readonly n: number;
  readonly l: string;
}

const triggers = `
  CREATE TABLE IF NOT EXISTS chaos_journal (kind TEXT NOT NULL, job_id TEXT, body TEXT NOT NULL);
  CREATE TRIGGER IF NOT EXISTS chaos_outbox AFTER INSERT ON outbox BEGIN
    INSERT INTO chaos_journal VALUES (NEW.kind, NEW.job_id, NEW.body);
  END;
  CREATE TRIGGER IF NOT EXISTS chaos_jobs AFTER INSERT ON jobs BEGIN
    INSERT INTO chaos_journal VALUES ('taken-on', NEW.job_id, '{}');
  END;
`;

/** From now on the agent's own database keeps a copy of all that is put into its outbox, whatever becomes of the rows. */
export function watchJournal(file: string): void {
  const db = new Database(file, { readwrite: true });
  db.run("PRAGMA busy_timeout = 5000");
  db.run(triggers);
  db.close();
}

export function readJournal(file: string): Journal {
  const jobs = new Set<string>();
  const ends = new Map<string, End[]>();
  const lines = new Map<string, Map<number, string>>();
  const gaps = new Set<string>();
  for (const { kind, job_id, body } of rows(file)) {
    const payload = payloadOf(body);
    if (kind === "taken-on") jobs.add(job_id ?? "");
    if (kind === "job.done") addEnd(ends, payload as End);
    if (kind === "log")
      addLines(lines, payload as { job_id: string; lines: Line[] });
    if (kind === "log.gap")
      for (const id of (payload as { job_ids: string[] }).job_ids) gaps.add(id);
  }
  return { jobs, ends, lines, gaps };
}

interface Row {
  readonly kind: string;
  readonly job_id: string | null;
  readonly body: string;
}

function rows(file: string): Row[] {
  const db = new Database(file, { readwrite: true });
  db.run("PRAGMA busy_timeout = 5000");
  try {
    return db
      .query("SELECT kind, job_id, body FROM chaos_journal ORDER BY rowid")
      .all() as Row[];
  } finally {
    db.close();
  }
}

/** The payload of an event, wherever it stands: inside an envelope, inside a signed text, or plain. */
function payloadOf(body: string): unknown {
  const value = JSON.parse(body) as { b?: string; p?: unknown };
  if (typeof value.b === "string") return payloadOf(value.b);
  return value.p ?? value;
}

/** An event that is numbered anew is put again; only another story counts. */
function addEnd(ends: Map<string, End[]>, end: End): void {
  const told = ends.get(end.job_id) ?? [];
  const isSame = told.some(
    (other) => JSON.stringify(other) === JSON.stringify(end),
  );
  if (!isSame) ends.set(end.job_id, [...told, end]);
}

function addLines(
  logs: Map<string, Map<number, string>>,
  { job_id, lines }: { job_id: string; lines: Line[] },
): void {
  const log = logs.get(job_id) ?? new Map<number, string>();
  for (const { n, l } of lines) log.set(n, l);
  logs.set(job_id, log);
}
