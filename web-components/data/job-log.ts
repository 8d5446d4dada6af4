import type { LogPage } from "@restic-manager/shared/api/jobs.ts";
import type { LogLine } from "@restic-manager/shared/domain/job.ts";
import { atom, onMount, type ReadableAtom } from "nanostores";
import { ApiError } from "./api-error.ts";
import type { Http } from "./http.ts";
import type { Live } from "./live.ts";

export interface JobLog {
  /** All that are stored, at most `keptLines` of them, the newest last. Numbers that are left out are lost for good. */
  readonly lines: readonly LogLine[];
  readonly error: ApiError | null;
}

export const keptLines = 20_000;
const pageSize = 5_000;

/** A job's log: what is stored, then what comes. Lines before `after` are left to the download. */
export function createJobLog(
  { http, live }: { http: Http; live: Live },
  jobId: string,
  after: number,
): ReadableAtom<JobLog> {
  const store = atom<JobLog>({ lines: [], error: null });
  let last = after;
  let fetching = false;
  let behind = false;

  function append(lines: readonly LogLine[]): void {
    const fresh = lines.filter((line) => line.n > last);
    last = fresh.at(-1)?.n ?? last;
    if (fresh.length > 0)
      store.set({
        lines: [...store.get().lines, ...fresh].slice(-keptLines),
        error: null,
      });
  }

  /** Lines that are heard may come before those that are stored were fetched, or after some that were not heard. */
  function hear(lines: readonly LogLine[]): void {
    const first = lines.find((line) => line.n > last);
    if (first === undefined || first.n === last + 1) append(lines);
    else void catchUp();
  }

  async function catchUp(): Promise<void> {
    behind = true;
    if (fetching) return;
    fetching = true;
    try {
      while (behind) {
        behind = false;
        const page = await http.get<LogPage>(
          `/api/jobs/${jobId}/log?after=${last}&limit=${pageSize}`,
        );
        append(page.lines);
        if (page.next_after !== null) behind = true;
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      store.set({ ...store.get(), error });
    } finally {
      fetching = false;
    }
  }

  onMount(store, () => {
    const stop = live.listen(`job:${jobId}`, {
      onReset: () => void catchUp(),
      onEvent: (event) => {
        if (event.type === "job.log") hear(event.lines);
      },
    });
    void catchUp();
    return stop;
  });

  return store;
}
