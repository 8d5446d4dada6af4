import type { Clock } from "@restic-manager/shared/clock.ts";

/** After so many failures in a row a receiver is left alone for a while, then tried with one message. */
const patience = 4;
const restMs = 30_000;

/** Which receivers are to be left alone at the moment. Kept in memory: a restart tries again. */
export interface Breaker {
  /** Until when, in milliseconds; in the past when it may be tried. */
  restsUntil(channelId: string): number;
  failed(channelId: string): void;
  worked(channelId: string): void;
}

export function createBreaker(clock: Clock): Breaker {
  const failing = new Map<string, { count: number; until: number }>();
  return {
    restsUntil: (id) => failing.get(id)?.until ?? 0,
    failed(id) {
      const count = (failing.get(id)?.count ?? 0) + 1;
      const until = count < patience ? 0 : clock.now() + restMs;
      failing.set(id, { count, until });
    },
    worked: (id) => void failing.delete(id),
  };
}
