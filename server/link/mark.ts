/** A range of event numbers, both ends included. Nearly always one number long. */
export interface SeqRange {
  readonly seq: number;
  readonly last_seq: number;
}

/**
 * Which events of one epoch are stored: everything up to `committed()`, and ranges above it that arrived before
 * something older did. Pure bookkeeping for the length of one transaction; `mark-store.ts` keeps it.
 */
export interface Mark {
  committed(): number;
  isStored(seq: number): boolean;
  /** Whether so much waits behind holes that nothing more above the mark is noted. */
  isFull(): boolean;
  /** Notes that the numbers from `seq` to `last` are stored; moves the mark as far as there is no hole. */
  store(seq: number, last?: number): void;
  /** Ranges above the mark that were noted since it was made. */
  added(): SeqRange[];
}

/** An agent has 64 events under way, and drops rows of its log in ranges: an honest one never comes near. */
export const mostRanges = 1000;

export function createMark(start: number, above: readonly SeqRange[]): Mark {
  let committed = start;
  const lasts = new Map(above.map((range) => [range.seq, range.last_seq]));
  const wide = above.filter((range) => range.last_seq > range.seq);
  const noted = new Map<number, number>();

  function moveTo(seq: number): void {
    committed = seq;
    for (;;) {
      const next = lastOf(committed + 1);
      if (next === undefined) return;
      lasts.delete(committed + 1);
      committed = next;
    }
  }

  /** The last number of what is stored from `seq` on, or undefined when `seq` is a hole. */
  function lastOf(seq: number): number | undefined {
    const around = wide.find((r) => r.seq <= seq && seq <= r.last_seq);
    return around?.last_seq ?? lasts.get(seq);
  }

  return {
    committed: () => committed,
    isFull: () => lasts.size >= mostRanges,
    isStored: (seq) => seq <= committed || lastOf(seq) !== undefined,
    store(seq, last = seq) {
      if (last <= committed) return;
      if (seq <= committed + 1) return moveTo(last);
      const end = Math.max(last, lasts.get(seq) ?? 0);
      lasts.set(seq, end);
      noted.set(seq, end);
      if (end > seq) wide.push({ seq, last_seq: end });
    },
    added: () =>
      [...noted]
        .filter(([, last]) => last > committed)
        .map(([seq, last_seq]) => ({ seq, last_seq })),
  };
}
