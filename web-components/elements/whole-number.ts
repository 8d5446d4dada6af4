/** Whether what was typed is a whole number within bounds. */
export function isWhole(text: string, min: number, max: number): boolean {
  const number = Number(text);
  return /^\s*\d+\s*$/.test(text) && number >= min && number <= max;
}
