import type { LogLine } from "@restic-manager/shared/domain/job.ts";
import { AppError } from "../../app-error.ts";
import type { Db } from "../../ports/db.ts";
import { readLines } from "./log-store.ts";
import { findJob } from "./store.ts";

export type LogFormat = "txt" | "ndjson";

const linesPerRead = 2000;

const formats: Record<
  LogFormat,
  { type: string; write: (line: LogLine) => string }
> = {
  txt: {
    type: "text/plain; charset=utf-8",
    write: ({ t, s, l }) => `${t} ${s} ${l}\n`,
  },
  ndjson: {
    type: "application/x-ndjson",
    write: (line) => `${JSON.stringify(line)}\n`,
  },
};

/** A job's whole log as a file. Read page by page, so that it never stands in memory and never holds up a writer. */
export async function downloadLog(
  db: Db,
  jobId: string,
  format: LogFormat,
): Promise<Response> {
  if ((await findJob(db, jobId)) === null) throw new AppError("job_not_found");
  const { type, write } = formats[format];
  let after = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const lines = await readLines(db, jobId, after, linesPerRead);
      const last = lines.at(-1);
      if (last === undefined) return controller.close();
      after = last.n;
      const text = lines.map(write).join("");
      controller.enqueue(new TextEncoder().encode(text));
    },
  });
  return new Response(body, {
    headers: {
      "content-type": type,
      "content-disposition": `attachment; filename="job-${jobId}.${format}"`,
      "cache-control": "no-store",
    },
  });
}
