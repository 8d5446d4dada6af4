import type { Clock } from "@restic-manager/shared/clock.ts";
import { clientOf } from "../../client-of.ts";

/** Lets each client do `perMinute` things at once and from then on that many a minute. */
export interface TokenBucket {
  /** Whether this one is still allowed. */
  take(address: string): boolean;
}

const sweepAbove = 10_000;

export function createTokenBucket(
  clock: Clock,
  perMinute: number,
): TokenBucket {
  const buckets = new Map<string, { tokens: number; at: number }>();
  let sweepAt = sweepAbove;
  const refill = (bucket: { tokens: number; at: number }, now: number) =>
    Math.min(
      perMinute,
      bucket.tokens + ((now - bucket.at) / 60_000) * perMinute,
    );

  return {
    take(address) {
      const now = clock.now();
      const client = clientOf(address);
      const bucket = buckets.get(client);
      const tokens = bucket === undefined ? perMinute : refill(bucket, now);
      if (tokens < 1) return false;
      buckets.set(client, { tokens: tokens - 1, at: now });
      if (buckets.size > sweepAt) {
        for (const [other, of] of buckets)
          if (refill(of, now) >= perMinute) buckets.delete(other);
        // Not with every request while a crowd is here.
        sweepAt = Math.max(sweepAbove, 2 * buckets.size);
      }
      return true;
    },
  };
}
