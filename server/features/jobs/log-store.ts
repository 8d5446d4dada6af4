import type { LogLine } from "@restic-manager/shared/domain/job.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

/** Keeps lines of a job; a line that is there already stays as it is. */
export async function appendLines(
  trx: Trx,
  jobId: string,
  lines: readonly LogLine[],
): Promise<void> {
  await trx
    .insertInto("job_logs")
    .values(
      lines.map((line) => ({
        job_id: jobId,
        seq: line.n,
        ts: line.t,
        stream: line.s,
        kind: line.k,
        line: line.l,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Lines of a job numbered above `after`, in order. */
export async function readLines(
  db: Db,
  jobId: string,
  after: number,
  limit: number,
): Promise<LogLine[]> {
  const rows = await db
    .selectFrom("job_logs")
    .selectAll()
    .where("job_id", "=", jobId)
    .where("seq", ">", after)
    .orderBy("seq")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    n: row.seq,
    t: row.ts,
    s: row.stream,
    l: row.line,
    k: row.kind,
  }));
}
