import type { Clock } from "@restic-manager/shared/clock.ts";

/** Agents whose long poll waits for a decision about their announcement. */
export interface Waiters {
  /** Resolves when `wake(id)` is called, after `ms` milliseconds, or when `signal` aborts. */
  wait(id: string, ms: number, signal: AbortSignal): Promise<void>;
  wake(id: string): void;
  /** Ends every wait, also those that begin later. */
  close(): void;
  isClosed(): boolean;
}

export function createWaiters(clock: Clock): Waiters {
  const waiting = new Map<string, Set<() => void>>();
  let isClosed = false;

  return {
    wait(id, ms, signal) {
      return new Promise((resolve) => {
        const all = waiting.get(id) ?? new Set();
        const end = () => {
          cancel();
          signal.removeEventListener("abort", end);
          all.delete(end);
          if (all.size === 0 && waiting.get(id) === all) waiting.delete(id);
          resolve();
        };
        const cancel = clock.after(ms, end);
        signal.addEventListener("abort", end);
        waiting.set(id, all.add(end));
        if (signal.aborted || isClosed) end();
      });
    },
    wake(id) {
      for (const end of waiting.get(id) ?? []) end();
    },
    close() {
      isClosed = true;
      for (const id of waiting.keys()) this.wake(id);
    },
    isClosed: () => isClosed,
  };
}
