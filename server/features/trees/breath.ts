import { setImmediate } from "node:timers/promises";
import type { Clock } from "@restic-manager/shared/clock.ts";

const longMs = 10;

/** Lets others on after a while of work: a walk through a million files must not hold up the agents. */
export function createBreath(clock: Clock): () => Promise<void> {
  let since = clock.now();
  return async () => {
    if (clock.now() - since < longMs) return;
    await setImmediate();
    since = clock.now();
  };
}

/** Whether a walk has taken as long as anybody waits, or nobody waits any more. */
export function createPatience(
  clock: Clock,
  signal: AbortSignal,
  ms: number,
): () => boolean {
  const until = clock.now() + ms;
  return () => signal.aborted || clock.now() > until;
}
