import { CompiledQuery, sql } from "kysely";
import type { LogLine } from "@restic-manager/shared/domain/job.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

/** Rows of one statement: far fewer than SQLite has parameters for, and more make it no quicker. */
const rowsAtOnce = 50;

/**
 * Keeps lines of a job; a line that is there already stays as it is. Written out, because this is the one statement of
 * the server that runs for every line of every log: the query builder would cost more than the database.
 */
export async function appendLines(
  trx: Trx,
  jobId: string,
  lines: readonly LogLine[],
): Promise<void> {
  for (let from = 0; from < lines.length; from += rowsAtOnce) {
    const rows = lines.slice(from, from + rowsAtOnce);
    await trx.executeQuery({
      ...CompiledQuery.raw(insertRows(rows.length)),
      parameters: rows.flatMap(({ n, t, s, k, l }) => [jobId, n, t, s, k, l]),
    });
  }
}

function insertRows(count: number): string {
  const rows = Array.from({ length: count }, () => "(?, ?, ?, ?, ?, ?)");
  return `insert into job_logs (job_id, seq, ts, stream, kind, line) values ${rows.join(", ")} on conflict do nothing`;
}

export interface LineFilter {
  /** SQLite GLOB over the line. */
  readonly glob?: string | undefined;
  /** Only warnings and errors. */
  readonly issues?: boolean | undefined;
  /** Only lines numbered up to this. */
  readonly upTo?: number | undefined;
}

/** Lines of a job numbered above `after`, in order. */
export async function readLines(
  db: Db,
  jobId: string,
  after: number,
  limit: number,
  { glob, issues, upTo }: LineFilter = {},
): Promise<LogLine[]> {
  let query = db
    .selectFrom("job_logs")
    .selectAll()
    .where("job_id", "=", jobId)
    .where("seq", ">", after);
  if (upTo !== undefined) query = query.where("seq", "<=", upTo);
  if (issues === true) query = query.where("kind", "in", ["warning", "error"]);
  if (glob !== undefined) query = query.where(sql<boolean>`line GLOB ${glob}`);
  const rows = await query.orderBy("seq").limit(limit).execute();
  return rows.map((row) => ({
    n: row.seq,
    t: row.ts,
    s: row.stream,
    l: row.line,
    k: row.kind,
  }));
}

/** Number of the last line of a job that is here; 0 when there is none. */
export async function lastLine(db: Db, jobId: string): Promise<number> {
  const row = await db
    .selectFrom("job_logs")
    .select((eb) => eb.fn.max("seq").as("last"))
    .where("job_id", "=", jobId)
    .executeTakeFirst();
  return row?.last ?? 0;
}
