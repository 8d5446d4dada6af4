import type {
  Job,
  JobList,
  LogPage,
  jobQuery,
  logQuery,
} from "@restic-manager/shared/api/jobs.ts";
import type { z } from "zod";
import { AppError } from "../../app-error.ts";
import type { Db } from "../../ports/db.ts";
import { findLines } from "./log-search.ts";
import type { ProgressBoard } from "./progress.ts";
import * as store from "./store.ts";
import { viewJob } from "./view.ts";

/** Reading jobs and their logs. */
export interface Jobs {
  /** Null when there is no such job. */
  find(id: string): Promise<Job | null>;
  /** @throws AppError `job_not_found` */
  get(id: string): Promise<Job>;
  list(query: z.output<typeof jobQuery>): Promise<JobList>;
  log(id: string, query: z.output<typeof logQuery>): Promise<LogPage>;
}

/** A restore may name hundreds of paths, and a list hundreds of restores. */
const pathsInList = 20;

function shorten(job: Job): Job {
  const request = job.restore_request;
  if (request === null || request.paths.length <= pathsInList) return job;
  const paths = request.paths.slice(0, pathsInList);
  return { ...job, restore_request: { ...request, paths } };
}

export function createJobs(deps: {
  db: Db;
  progress: Pick<ProgressBoard, "get">;
}): Jobs {
  const { db, progress } = deps;
  const view = (record: store.JobRecord) =>
    viewJob(record, progress.get(record.id));

  async function find(id: string): Promise<Job | null> {
    const record = await store.readJob(db, id);
    return record === null ? null : view(record);
  }

  return {
    find,
    async get(id) {
      const job = await find(id);
      if (job === null) throw new AppError("job_not_found");
      return job;
    },

    async list(query) {
      const { limit } = query;
      const records = await store.listJobs(db, { ...query, limit: limit + 1 });
      const page = records.slice(0, limit);
      return {
        jobs: page.map(view).map(shorten),
        next_cursor: records.length > limit ? (page.at(-1)?.id ?? null) : null,
      };
    },

    async log(id, { after, limit, q, issues }) {
      if ((await store.findJob(db, id)) === null) {
        throw new AppError("job_not_found");
      }
      const lines = await findLines(
        db,
        id,
        { text: q, issues },
        { after, limit: limit + 1 },
      );
      const page = lines.slice(0, limit);
      return {
        lines: page,
        next_after: lines.length > limit ? (page.at(-1)?.n ?? null) : null,
      };
    },
  };
}
