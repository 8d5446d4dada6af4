/** Time as a dependency. Only the two `clock.ts` of the executables and `testing/manual-clock.ts` implement it. */
export interface Clock {
  /** Milliseconds since the Unix epoch, UTC. */
  now(): number;
  /** Runs `task` once after `ms` milliseconds; the returned function cancels it and may be called again. */
  after(ms: number, task: () => void): Cancel;
}

export type Cancel = () => void;

/** Runs `task` every `ms` milliseconds, the first time after one interval, until cancelled. */
export function every(clock: Clock, ms: number, task: () => void): Cancel {
  let cancel = clock.after(ms, tick);
  let stopped = false;
  function tick(): void {
    task();
    if (!stopped) cancel = clock.after(ms, tick);
  }
  return () => {
    stopped = true;
    cancel();
  };
}

/** Resolves after `ms` milliseconds of `clock`, or at once when `signal` aborts. Never rejects. */
export function delay(
  clock: Clock,
  ms: number,
  signal?: AbortSignalLike,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const end = () => {
      cancel();
      // A signal may outlive thousands of delays.
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal?.addEventListener("abort", end);
  });
}

/** The part of `AbortSignal` used here; this package is compiled without DOM types. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** RFC 3339 UTC text of an instant in milliseconds, as stored and sent everywhere. */
export function toTimestamp(ms: number): string {
  return new Date(ms).toISOString();
}
