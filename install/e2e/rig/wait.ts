const pollMs = 25;

/**
 * The only waiting in these tests: asks until the answer is neither null, undefined nor false, and gives that answer.
 * `ms` is the deadline; `detail` is added to the error, for example what a program printed.
 */
export async function waitFor<T>(
  what: string,
  ask: () => T | Promise<T>,
  ms = 30_000,
  detail: () => string = () => "",
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = performance.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined && answer !== false)
      return answer as NonNullable<Exclude<T, false>>;
    if (performance.now() > deadline)
      throw new Error(`not within ${ms} ms: ${what}\n${detail()}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
