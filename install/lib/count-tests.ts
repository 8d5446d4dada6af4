export type Count = { readonly passed: number; readonly failed: number };

const numberBefore = (word: string, output: string): number => {
  const matches = [
    ...output.matchAll(new RegExp(`^\\s*(\\d+) ${word}s?$`, "gm")),
  ];
  return Number(matches.at(-1)?.[1] ?? 0);
};

/**
 * Reads the summary that `bun test` prints last. A skipped test, a file that
 * cannot be loaded, a run without tests and a crash count as failures: each
 * of them would otherwise look like success.
 */
export const countTests = (output: string, exitCode: number): Count => {
  const passed = numberBefore("pass", output);
  const failed =
    numberBefore("fail", output) +
    numberBefore("error", output) +
    numberBefore("skip", output) +
    numberBefore("todo", output);
  const silent = failed === 0 && (exitCode !== 0 || passed === 0);
  return { passed, failed: silent ? 1 : failed };
};

/** Lines of the output that name what failed, each once. */
export const failedTests = (output: string): string[] => [
  ...new Set(output.match(/^(\(fail\)|error:).*$/gm) ?? []),
];

/** Tests that failed first and passed when they were tried again, each once. */
export const secondAttempts = (output: string): string[] => [
  ...new Set(output.match(/^\(pass\) .*\(attempt \d+\).*$/gm) ?? []),
];

export const sum = (counts: readonly Count[]): Count => ({
  passed: counts.reduce((total, { passed }) => total + passed, 0),
  failed: counts.reduce((total, { failed }) => total + failed, 0),
});
