/** Up to `count` instants after `from`, the soonest first, of something that tells the next one; null when there is none. */
export function takeRuns(
  next: (from: number) => number | null,
  from: number,
  count: number,
): number[] {
  const runs: number[] = [];
  for (let at = next(from); at !== null && runs.length < count; at = next(at))
    runs.push(at);
  return runs;
}
