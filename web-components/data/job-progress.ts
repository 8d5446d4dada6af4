import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import { atom, type ReadableAtom } from "nanostores";
import type { Live } from "./live.ts";

/** Job id → its newest progress. */
export type ProgressById = Readonly<Record<string, JobProgress>>;

export interface ProgressStore extends ReadableAtom<ProgressById> {
  /** Listens to exactly these running jobs from now on. */
  follow(jobIds: readonly string[]): void;
}

/** Rows beyond these show that they run, without a percentage. */
const mostFollowed = 24;

export function createProgressStore(live: Live): ProgressStore {
  const store = atom<ProgressById>({});
  const followed = new Map<string, () => void>();

  function listen(id: string): () => void {
    return live.listen(`job:${id}`, {
      onReset: () => {},
      onEvent: (event) => {
        if (event.type === "job.progress")
          store.set({ ...store.get(), [event.job_id]: event.progress });
      },
    });
  }

  return Object.assign(store, {
    follow(jobIds: readonly string[]) {
      const wanted = new Set(jobIds.slice(0, mostFollowed));
      for (const [id, stop] of followed) {
        if (wanted.has(id)) continue;
        stop();
        followed.delete(id);
      }
      for (const id of wanted)
        if (!followed.has(id)) followed.set(id, listen(id));
    },
  });
}
