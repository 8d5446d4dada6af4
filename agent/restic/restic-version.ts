/** Oldest restic that backup works with. */
export const oldestRestic = "0.14.0";

/** The version in the first line of `restic version`, or null. */
export function parseVersion(line: string): string | null {
  return /^restic (\d+\.\d+(?:\.\d+)?)/.exec(line)?.[1] ?? null;
}

export function atLeast(version: string, minimum: string): boolean {
  const [have, need] = [version, minimum].map((text) =>
    text.split(".").map(Number),
  );
  for (let i = 0; i < 3; i++) {
    const difference = (have?.[i] ?? 0) - (need?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
