/** Whether a line of a check names something that is wrong in the repository, in the words of any restic. */
export function isCheckError(line: string): boolean {
  return /^(error\b|pack |Pack ID |blob |tree |index |snapshot |Unable to load |Load)/.test(
    line,
  );
}
