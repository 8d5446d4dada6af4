import type { Job, JobList } from "@restic-manager/shared/api/jobs.ts";
import type { LiveEvent } from "@restic-manager/shared/api/live.ts";
import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import { ApiError } from "./api-error.ts";
import type { Http } from "./http.ts";
import type { Live } from "./live.ts";
import { createResource, type Resource } from "./resource.ts";

export interface JobsResource extends Resource<JobList> {
  /** Adds the next page of older jobs. */
  more(): Promise<void>;
}

export interface JobsStore {
  /** Newest first; of one host, or of all. */
  list(hostId?: string): JobsResource;
  detail(id: string): Resource<Job>;
  /** Starts a backup of the host's first source group. */
  runBackup(hostId: string): Promise<Job>;
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
    list(hostId) {
      const query = new URLSearchParams({ limit: String(pageSize) });
      if (hostId !== undefined) query.set("host_id", hostId);
      const resource = createResource<JobList>({
        live,
        load: () => http.get<JobList>(`/api/jobs?${query}`),
        apply: (list, event) => withJob(list, event, hostId),
      });
      return Object.assign(resource, {
        more: () => loadMore(http, query, resource),
      });
    },
    detail: (id) =>
      createResource<Job>({
        live,
        topics: ["fleet", `job:${id}`],
        load: () => http.get<Job>(`/api/jobs/${id}`),
        apply: (job, event) => withEvent(job, event),
      }),
    async runBackup(hostId) {
      const { groups } = await http.get<{ groups: SourceGroup[] }>(
        `/api/hosts/${hostId}/sources`,
      );
      const [group] = groups;
      if (group === undefined) {
        throw new ApiError(409, {
          code: "host_not_set_up",
          message: "Finish the host's set-up first.",
          request_id: "",
        });
      }
      return http.send<Job>("POST", `/api/hosts/${hostId}/jobs`, {
        kind: "backup",
        source_group_id: group.id,
      });
    },
    cancel: (id) => http.send<Job>("POST", `/api/jobs/${id}/cancel`, {}),
  };
}

async function loadMore(
  http: Http,
  query: URLSearchParams,
  resource: Resource<JobList>,
): Promise<void> {
  const current = resource.get();
  if (current.state !== "ready" || current.value.next_cursor === null) return;
  const page = await http.get<JobList>(
    `/api/jobs?${query}&cursor=${current.value.next_cursor}`,
  );
  resource.replace({
    jobs: [...current.value.jobs, ...page.jobs],
    next_cursor: page.next_cursor,
  });
}

function withJob(
  list: JobList,
  event: LiveEvent,
  hostId: string | undefined,
): JobList {
  if (event.type === "host.removed")
    return {
      ...list,
      jobs: list.jobs.filter((job) => job.host_id !== event.host_id),
    };
  if (event.type !== "job.changed") return list;
  const changed = event.job;
  if (hostId !== undefined && changed.host_id !== hostId) return list;
  const known = list.jobs.some((job) => job.id === changed.id);
  return {
    ...list,
    jobs: known
      ? list.jobs.map((job) => (job.id === changed.id ? changed : job))
      : [changed, ...list.jobs],
  };
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
