import type { Clock } from "@restic-manager/shared/clock.ts";

const everyMs = 60_000;
const mostKeys = 10_000;

/**
 * Keeps a host from filling the log: whether something is to be said again about `key`, which is so once a minute, and
 * how often it was not said since. Null: not now.
 */
export type Seldom = (key: string) => number | null;

export function createSeldom(clock: Clock): Seldom {
  const said = new Map<string, { at: number; held: number }>();
  return (key) => {
    const last = said.get(key);
    const now = clock.now();
    if (last !== undefined && Math.abs(now - last.at) < everyMs) {
      last.held += 1;
      return null;
    }
    if (last === undefined && said.size >= mostKeys) {
      for (const [other, { at }] of said)
        if (now - at >= everyMs) said.delete(other);
      // Enough was said this minute, about whomever.
      if (said.size >= mostKeys) return null;
    }
    said.set(key, { at: now, held: 0 });
    return last?.held ?? 0;
  };
}
