import type {
  Job,
  JobList,
  JobQuery,
  RunBody,
} from "@restic-manager/shared/api/jobs.ts";
import type { LiveEvent } from "@restic-manager/shared/api/live.ts";
import { ApiError } from "./api-error.ts";
import type { Http } from "./http.ts";
import type { Live } from "./live.ts";
import { type Paged, paged } from "./paged.ts";
import { createResource, type Resource } from "./resource.ts";

/** State `running` is every one that has not ended; times are of being queued, `to` not included. */
export type JobFilter = {
  readonly [
    K in
      | "host_id"
      | "kind"
      | "state"
      | "actor"
      | "repository_id"
      | "source_group_id"
      | "from"
      | "to"
  ]?: NonNullable<JobQuery[K]>;
};

export type JobsResource = Paged<JobList>;

export interface JobsStore {
  /** Newest first. */
  list(filter?: JobFilter): JobsResource;
  detail(id: string): Resource<Job>;
  /** `limits`: of this run alone; undefined are the host's. */
  runBackup(
    hostId: string,
    groupId: string,
    limits?: RunBody["limits"],
  ): Promise<Job>;
  cancel(id: string): Promise<Job>;
}

const pageSize = 50;

export function createJobsStore({
  http,
  live,
}: {
  http: Http;
  live: Live;
}): JobsStore {
  return {
    list(filter = {}) {
      const query = new URLSearchParams({
        limit: String(pageSize),
        ...filter,
      });
      const resource = createResource<JobList>({
        live,
        load: () => http.get<JobList>(`/api/jobs?${query}`),
        apply: (list, event) => withJob(list, event, filter),
      });
      return paged(
        resource,
        (cursor) => http.get<JobList>(`/api/jobs?${query}&cursor=${cursor}`),
        ({ jobs }, older) => ({ ...older, jobs: [...jobs, ...older.jobs] }),
      );
    },
    detail: (id) =>
      createResource<Job>({
        live,
        topics: ["fleet", `job:${id}`],
        load: () => http.get<Job>(`/api/jobs/${id}`),
        apply: (job, event) => withEvent(job, event),
      }),
    runBackup: (hostId, groupId, limits) =>
      http.send<Job>("POST", `/api/hosts/${hostId}/jobs`, {
        kind: "backup",
        source_group_id: groupId,
        ...(limits === undefined ? {} : { limits }),
      } satisfies RunBody),
    cancel: (id) => http.send<Job>("POST", `/api/jobs/${id}/cancel`, {}),
  };
}

function withJob(list: JobList, event: LiveEvent, filter: JobFilter): JobList {
  if (event.type === "host.removed")
    return {
      ...list,
      jobs: list.jobs.filter((job) => job.host_id !== event.host_id),
    };
  if (event.type !== "job.changed") return list;
  const changed = event.job;
  const known = list.jobs.some((job) => job.id === changed.id);
  if (!fits(changed, filter))
    return known
      ? { ...list, jobs: list.jobs.filter((job) => job.id !== changed.id) }
      : list;
  if (known)
    return {
      ...list,
      jobs: list.jobs.map((job) => (job.id === changed.id ? changed : job)),
    };
  const at = list.jobs.findIndex((job) => job.queued_at <= changed.queued_at);
  // An older one that fits now is on a page that is not loaded.
  if (at === -1 && list.next_cursor !== null) return list;
  return {
    ...list,
    jobs: list.jobs.toSpliced(at === -1 ? list.jobs.length : at, 0, changed),
  };
}

function fits(job: Job, filter: JobFilter): boolean {
  const { state, from, to, ...same } = filter;
  const queued = Date.parse(job.queued_at);
  const isInState =
    state === undefined ||
    (state === "running" ? job.finished_at === null : job.state === state);
  return (
    isInState &&
    (from === undefined || queued >= Date.parse(from)) &&
    (to === undefined || queued < Date.parse(to)) &&
    Object.entries(same).every(
      ([name, value]) => job[name as keyof typeof same] === value,
    )
  );
}

function withEvent(job: Job, event: LiveEvent): Job | ApiError {
  if (event.type === "host.removed" && event.host_id === job.host_id)
    return new ApiError(404, {
      code: "job_not_found",
      message: `${job.host_name} was removed by an administrator, and its jobs with it.`,
      request_id: "",
    });
  if (event.type === "job.changed" && event.job.id === job.id) {
    // The row of a running job carries no progress of its own.
    return {
      ...event.job,
      progress:
        event.job.progress ??
        (event.job.finished_at === null ? job.progress : null),
    };
  }
  if (
    event.type === "job.progress" &&
    event.job_id === job.id &&
    job.finished_at === null
  ) {
    return { ...job, progress: event.progress };
  }
  return job;
}
