import { z } from "zod";
import {
  job,
  jobList,
  jobQuery,
  logPage,
  logQuery,
  runBody,
} from "@restic-manager/shared/api/jobs.ts";
import type { Job, RunBody } from "@restic-manager/shared/api/jobs.ts";
import { emptyBody } from "@restic-manager/shared/api/hosts.ts";
import type { Initiator } from "../../ports/audit.ts";
import { route } from "../../ports/route.ts";
import type { Route } from "../../ports/route.ts";
import type { LogFormat } from "./download.ts";
import type { Jobs } from "./jobs.ts";

const byId = z.object({ id: z.string() });

export function jobRoutes(deps: {
  jobs: Jobs;
  dispatch(hostId: string, body: RunBody, by: Initiator): Promise<Job>;
  cancel(jobId: string, by: Initiator): Promise<Job>;
  download(jobId: string, format: LogFormat): Promise<Response>;
}): Route[] {
  const { jobs, dispatch, cancel, download } = deps;
  return [
    route({
      method: "POST",
      path: "/api/hosts/:id/jobs",
      access: "jobs.run",
      summary: "Run a source group of a host now",
      params: byId,
      body: runBody,
      answer: job,
      status: 202,
      audit: "job.run",
      handle: ({ params, body, by }) => dispatch(params.id, body, by),
    }),
    route({
      method: "GET",
      path: "/api/jobs",
      access: "view",
      summary: "Page through jobs, newest first; running lists unfinished ones",
      query: jobQuery,
      answer: jobList,
      handle: ({ query }) => jobs.list(query),
    }),
    route({
      method: "GET",
      path: "/api/jobs/:id",
      access: "view",
      summary: "Read a job with its progress",
      params: byId,
      answer: job,
      handle: ({ params }) => jobs.get(params.id),
    }),
    route({
      method: "POST",
      path: "/api/jobs/:id/cancel",
      access: "jobs.cancel",
      summary: "Ask the agent to end a job",
      params: byId,
      body: emptyBody,
      answer: job,
      status: 202,
      audit: "job.cancel",
      handle: ({ params, by }) => cancel(params.id, by),
    }),
    route({
      method: "GET",
      path: "/api/jobs/:id/log",
      access: "view",
      summary: "Page through the log of a job",
      params: byId,
      query: logQuery,
      answer: logPage,
      handle: ({ params, query }) => jobs.log(params.id, query),
    }),
    route({
      method: "GET",
      path: "/api/jobs/:id/log.txt",
      access: "view",
      summary: "Download the log of a job as text",
      params: byId,
      answer: "text/plain",
      handle: ({ params }) => download(params.id, "txt"),
    }),
    route({
      method: "GET",
      path: "/api/jobs/:id/log.ndjson",
      access: "view",
      summary: "Download the log of a job, one JSON object a line",
      params: byId,
      answer: "application/x-ndjson",
      handle: ({ params }) => download(params.id, "ndjson"),
    }),
  ];
}
