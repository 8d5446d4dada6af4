import type { Api } from "./api.ts";
import type { Host, Job, JobState, LogLine, SetUp, Snapshot } from "./types.ts";
import { waitFor } from "./wait.ts";

export const repositoryPassword = "canary-Repository-Pa55word";

export interface SetUpWish {
  readonly url: string;
  readonly includes: readonly string[];
  readonly mode?: "existing" | "create";
  readonly password?: string;
  readonly excludes?: readonly string[];
  readonly user?: { readonly name: string; readonly password: string };
}

/** Body of the second phase of Accept. */
export function setUpBody({
  url,
  includes,
  mode = "create",
  password,
  excludes = [],
  user,
}: SetUpWish) {
  return {
    repository: {
      url,
      mode,
      credential: {
        password: password ?? repositoryPassword,
        ...(user === undefined
          ? {}
          : { username: user.name, user_password: user.password }),
      },
    },
    source: { name: "default", includes, excludes },
  };
}

export function setUp(api: Api, host: Host, wish: SetUpWish): Promise<SetUp> {
  return api.post<SetUp>(`/api/hosts/${host.id}/setup`, setUpBody(wish));
}

export function runNow(api: Api, host: Host, groupId: string): Promise<Job> {
  return api.post<Job>(`/api/hosts/${host.id}/jobs`, {
    kind: "backup",
    source_group_id: groupId,
  });
}

const ended: readonly JobState[] = [
  "succeeded",
  "succeeded_with_issues",
  "failed",
  "cancelled",
  "lost",
];

export async function jobIn(
  api: Api,
  jobId: string,
  states: readonly JobState[],
  ms = 30_000,
): Promise<Job> {
  let last: Job | null = null;
  return waitFor(
    `job is ${states.join(" or ")}`,
    async () => {
      last = await api.get<Job>(`/api/jobs/${jobId}`);
      return states.includes(last.state) ? last : null;
    },
    ms,
    () => JSON.stringify(last),
  );
}

export const jobEnds = (api: Api, jobId: string, ms?: number): Promise<Job> =>
  jobIn(api, jobId, ended, ms);

export async function jobsOf(api: Api, host: Host): Promise<Job[]> {
  return (
    await api.get<{ jobs: Job[] }>(`/api/jobs?host_id=${host.id}&limit=200`)
  ).jobs;
}

/** The log of a job that has ended; its last lines may arrive after its end. */
export async function wholeLogOf(api: Api, job: Job): Promise<LogLine[]> {
  return waitFor("the whole log has arrived", async () => {
    const lines = await logOf(api, job.id);
    return lines.length === job.log_lines ? lines : null;
  });
}

/** What there is of a log, page by page. */
export async function logOf(api: Api, jobId: string): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for (let after: number | null = 0; after !== null;) {
    const page: { lines: LogLine[]; next_after: number | null } = await api.get(
      `/api/jobs/${jobId}/log?after=${after}&limit=1000`,
    );
    lines.push(...page.lines);
    after = page.next_after;
  }
  return lines;
}

export async function snapshotsOf(api: Api, host: Host): Promise<Snapshot[]> {
  return (
    await api.get<{ snapshots: Snapshot[] }>(`/api/hosts/${host.id}/snapshots`)
  ).snapshots;
}

/** A snapshot list that may still be on its way after the job's end. */
export async function snapshotsWhen(
  api: Api,
  host: Host,
  count: number,
): Promise<Snapshot[]> {
  return waitFor(`host has ${count} snapshots`, async () => {
    const list = await snapshotsOf(api, host);
    return list.length === count ? list : null;
  });
}
