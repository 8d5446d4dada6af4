import type { Clock } from "@restic-manager/shared/clock.ts";
import { createAllowance } from "../allowance.ts";

const rate = { burst: 50, perSecond: 1 };

/**
 * For what clients can make us say as often as they like. Tells some of it, each time with how much was left out since
 * the time before, so that nobody fills the log.
 */
export function createSeldom(
  clock: Clock,
): (tell: (leftOut: number) => void) => void {
  const allowance = createAllowance(clock, rate);
  let leftOut = 0;
  return (tell) => {
    if (!allowance.take()) {
      leftOut++;
      return;
    }
    tell(leftOut);
    leftOut = 0;
  };
}
