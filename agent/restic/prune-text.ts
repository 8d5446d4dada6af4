const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Bytes that a prune frees, from the line that says so; null for other lines. restic has no JSON for it. */
export function parseFreed(line: string): number | null {
  const found = /^total prune: +\d+ blobs \/ ([\d.]+) ([KMGTP]?i?B)$/.exec(
    line,
  );
  const power = units.indexOf(found?.[2] ?? "");
  return found === null || power < 0
    ? null
    : Math.round(Number(found[1]) * 1024 ** power);
}
