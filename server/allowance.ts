import type { Clock } from "@restic-manager/shared/clock.ts";

/** How much may be spent at once, and how much of it comes back in a second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** What one sender may spend. */
export interface Allowance {
  /** Spends `cost` if it is there. */
  take(cost?: number): boolean;
  /** Spends `cost` in any case, and says for how many milliseconds nothing more should be spent. */
  spend(cost: number): number;
  /** Whether nothing is spent. */
  isFull(): boolean;
}

export function createAllowance(
  clock: Clock,
  { burst, perSecond }: Rate,
): Allowance {
  let left = burst;
  let at = clock.now();

  function refill(): number {
    const now = clock.now();
    // A clock that was set back gives nothing, and takes nothing away.
    left = Math.min(burst, left + (Math.max(0, now - at) / 1000) * perSecond);
    at = now;
    return left;
  }

  return {
    take(cost = 1) {
      if (refill() < cost) return false;
      left -= cost;
      return true;
    },
    spend(cost) {
      left = refill() - cost;
      return left >= 0 ? 0 : Math.ceil((-left / perSecond) * 1000);
    },
    isFull: () => refill() >= burst,
  };
}
