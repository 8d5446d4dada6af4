/** The same numbers for the same seed, so that a plan can be replayed. */
export interface Dice {
  /** At least `from`, below `to`. */
  between(from: number, to: number): number;
  pick<T>(of: readonly T[]): T;
}

/** mulberry32: small, and good enough to choose what breaks next. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  return {
    between: (from, to) => from + next() * (to - from),
    pick(of) {
      const one = of[Math.floor(next() * of.length)];
      if (one === undefined) throw new Error("nothing to pick from");
      return one;
    },
  };
}
