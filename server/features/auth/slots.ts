import { AppError } from "../../app-error.ts";

/**
 * Runs at most `max` of what it is given at a time, the others in the order they came. With `maxWaiting` others waiting
 * the next is refused with AppError `rate_limited`.
 */
export function createSlots(max: number, maxWaiting: number) {
  const waiting: (() => void)[] = [];
  let busy = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (waiting.length >= maxWaiting) {
      throw new AppError("rate_limited", {
        message:
          "Too many people log in at this moment; try again in a minute.",
      });
    }
    if (busy >= max) {
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      busy++;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) busy--;
      else next();
    }
  };
}
