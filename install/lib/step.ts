/**
 * Progress for people goes to stderr, so that stdout stays free for results
 * (the demo's JSON line, the tests' summary line).
 */
export const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Entry point of every script here: one readable line instead of a stack. */
export const main = async (body: () => Promise<number>): Promise<void> => {
  try {
    process.exitCode = await body();
  } catch (error) {
    say(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
};
