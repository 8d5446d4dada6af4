import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The cells of every table row of a document, in order; `path` is relative to the repository. */
export function tableRows(path: string): string[][] {
  return readFileSync(join(import.meta.dir, "../..", path), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf("|"))
        .split("|")
        .map((cell) => cell.trim()),
    );
}
