import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import { logGap, type LogGap } from "@restic-manager/shared/protocol/event.ts";
import type { StateDb } from "../state-db.ts";

/** What a row takes on disk, about: many small rows count too. SQL over the table `outbox`. */
export const rowBytes = "OCTET_LENGTH(body) + 64";

/** A row that may go when the outbox is full. */
export interface Droppable {
  readonly seq: number;
  readonly job_id: string | null;
  /** In bytes. */
  readonly size: number;
}

export interface Gap extends LogGap {
  readonly seq: number;
  /** In bytes. */
  readonly size: number;
}

const query = `
  WITH waiting AS (
    SELECT * FROM outbox WHERE seq > ?
  ), lists AS (
    SELECT seq, body ->> '$.p.repository_id' AS repository, body ->> '$.p.rev' AS rev
    FROM waiting WHERE kind = 'snap.part'
  ), newest AS (
    SELECT repository, MAX(rev) AS newest_rev FROM lists GROUP BY repository
  ), ranked AS (
    SELECT 0 AS rank, seq FROM lists JOIN newest USING (repository) WHERE rev < newest_rev
    UNION ALL
    SELECT 0, seq FROM waiting WHERE kind = 'cfg.applied'
      AND seq < (SELECT MAX(seq) FROM waiting WHERE kind = 'cfg.applied')
    UNION ALL
    SELECT 1, seq FROM waiting WHERE kind = 'log'
    UNION ALL
    SELECT 2, seq FROM waiting WHERE kind = 'job.started'
  )
  SELECT seq, job_id, ${rowBytes} AS size FROM ranked JOIN waiting USING (seq) ORDER BY rank, seq
`;

/**
 * Everything of the rows after `stored` that can be done without, what is missed least first: reports that a later one here replaces, then the log lines
 * of jobs, oldest first, then the starts of jobs, which their ends repeat.
 */
export function leastNeeded(db: StateDb, stored: number): Droppable[] {
  return db.query(query).all(stored) as Droppable[];
}

/** What is named as missing already, in rows after `stored`. Each row of it has a number of its own, which goes when it is said anew. */
export function gapRows(db: StateDb, stored: number): Gap[] {
  const rows = db
    .query(
      `SELECT seq, ${rowBytes} AS size, body -> '$.p' AS gap FROM outbox WHERE kind = 'log.gap' AND seq > ?`,
    )
    .all(stored) as { seq: number; size: number; gap: string }[];
  return rows.flatMap(({ seq, size, gap }) => {
    const said = parseJson(gap, logGap);
    return said === null ? [] : [{ ...said, seq, size }];
  });
}

/** Runs of neighbouring numbers: a gap must not cover a row that is still to come. */
export function gapsOf(
  dropped: readonly Droppable[],
  known: readonly Gap[],
): LogGap[] {
  const ranges = [
    ...known,
    ...[...dropped, ...known].map((row) => ({
      from_seq: row.seq,
      to_seq: row.seq,
      job_ids: "job_id" in row && row.job_id !== null ? [row.job_id] : [],
    })),
  ].sort((a, b) => a.from_seq - b.from_seq);
  const gaps: LogGap[] = [];
  for (const { from_seq, to_seq, job_ids } of ranges) {
    let gap = gaps.at(-1);
    if (gap === undefined || from_seq > gap.to_seq + 1) {
      gap = { from_seq, to_seq, job_ids: [] };
      gaps.push(gap);
    }
    gap.to_seq = Math.max(gap.to_seq, to_seq);
    gap.job_ids = [...new Set([...gap.job_ids, ...job_ids])];
  }
  return gaps;
}
