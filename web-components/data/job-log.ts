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
  /** Whether the first answer is there. */
  readonly loaded: boolean;
}

/** Only lines that contain `q`, letter case ignored, and with `issues` only warnings and errors. */
export interface LogFilter {
  readonly q: string;
  readonly issues: boolean;
}

export function isFiltered({ q, issues }: LogFilter): boolean {
  return q !== "" || issues;
}

const everything: LogFilter = { q: "", issues: false };

export const keptLines = 20_000;
const pageSize = 5_000;

/** A job's log: what is stored, then what comes. Lines before `after` are left to the download. */
export function createJobLog(
  { http, live }: { http: Http; live: Live },
  jobId: string,
  after: number,
  filter: LogFilter = everything,
): ReadableAtom<JobLog> {
  const store = atom<JobLog>({ lines: [], error: null, loaded: false });
  const { q, issues } = filter;
  const isPart = isFiltered(filter);
  /** The highest number that was looked at. */
  let last = after;
  /** A filtered page does not say up to where the server has looked: the next line that is heard does. */
  let isEndKnown = true;
  let fetching = false;
  let behind = false;

  function append(lines: readonly LogLine[]): void {
    const fresh = lines.filter((line) => line.n > last);
    last = fresh.at(-1)?.n ?? last;
    const shown = isPart ? fresh.filter(matches) : fresh;
    if (shown.length > 0 || !store.get().loaded)
      store.set({
        lines: [...store.get().lines, ...shown].slice(-keptLines),
        error: null,
        loaded: true,
      });
  }

  function matches({ l, k }: LogLine): boolean {
    return (
      l.toLowerCase().includes(q.toLowerCase()) &&
      (!issues || k === "warning" || k === "error")
    );
  }

  /** Lines that are heard may come before those that are stored were fetched, or after some that were not heard. */
  function hear(lines: readonly LogLine[]): void {
    const first = lines.find((line) => line.n > last);
    if (first === undefined) return;
    if (!fetching && (!isEndKnown || first.n === last + 1)) {
      isEndKnown = true;
      append(lines);
    } else void catchUp();
  }

  async function catchUp(): Promise<void> {
    behind = true;
    if (fetching) return;
    fetching = true;
    try {
      while (behind) {
        behind = false;
        const page = await http.get<LogPage>(address());
        append(page.lines);
        if (page.next_after !== null) behind = true;
      }
      isEndKnown = !isPart;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      store.set({ ...store.get(), error });
    } finally {
      fetching = false;
    }
  }

  function address(): string {
    const query = new URLSearchParams({
      after: String(last),
      limit: String(pageSize),
    });
    if (q !== "") query.set("q", q);
    if (issues) query.set("issues", "true");
    return `/api/jobs/${jobId}/log?${query}`;
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
