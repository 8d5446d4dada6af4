/** The version in the first line of `restic version`, or null. */
export function parseVersion(line: string): string | null {
  return /^restic (\d+\.\d+(?:\.\d+)?)/.exec(line)?.[1] ?? null;
}
