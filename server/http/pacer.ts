import { delay, type Clock } from "@restic-manager/shared/clock.ts";

/** Does work for a key at once, and again at most every `ms` milliseconds for as long as it is asked to. */
export interface Pacer<K> {
  poke(key: K): void;
  stop(): void;
}

/** What `work` throws goes to `onError`, and the key goes on. */
export function createPacer<K>(
  clock: Clock,
  ms: number,
  work: (key: K) => void | Promise<void>,
  onError: (error: unknown, key: K) => void,
): Pacer<K> {
  /** Keys that were served lately; true when they were asked for again since. */
  const resting = new Map<K, boolean>();
  const stopped = new AbortController();

  async function serve(key: K): Promise<void> {
    resting.set(key, false);
    const rested = delay(clock, ms, stopped.signal);
    try {
      await work(key);
    } catch (error) {
      onError(error, key);
    }
    await rested;
    const isAskedFor = resting.get(key) === true && !stopped.signal.aborted;
    if (isAskedFor) void serve(key);
    else resting.delete(key);
  }

  return {
    poke(key) {
      if (resting.has(key)) resting.set(key, true);
      else if (!stopped.signal.aborted) void serve(key);
    },
    stop: () => stopped.abort(),
  };
}
