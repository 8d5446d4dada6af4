/** One line of the result. */
export interface Figure {
  readonly what: string;
  readonly value: string;
  readonly aim: string;
  /** How it was measured, when the name does not say it. */
  readonly note: string;
}

export function figure(
  what: string,
  value: string,
  aim = "",
  note = "",
): Figure {
  return { what, value, aim, note };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return (low + high) / 2;
}

/** The value that `share` percent of them do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const index = Math.ceil((sorted.length * share) / 100) - 1;
  return sorted[Math.max(0, index)] ?? Number.NaN;
}

export const mebibytes = (bytes: number): string =>
  `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
export const kilobytes = (bytes: number): string =>
  `${(bytes / 1000).toFixed(1)} kB`;
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
export const milliseconds = (ms: number): string => `${ms.toFixed(0)} ms`;

export function markdownTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, value, aim, note }) => [
    what,
    value,
    aim,
    note,
  ]);
  const table = [
    ["Figure", "Value", "Aim", "How"],
    ["---", "---", "---", "---"],
    ...rows,
  ];
  return table.map((row) => `| ${row.join(" | ")} |\n`).join("");
}

/** The same for a terminal: columns aligned, nothing quoted. */
export function plainTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, value, aim, note }) => [
    what,
    value,
    aim === "" ? "" : `aim ${aim}`,
    note,
  ]);
  const widths = [0, 1, 2].map((column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows
    .map(
      (row) =>
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd() + "\n",
    )
    .join("");
}
