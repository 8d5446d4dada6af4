import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../e2e/rig/places.ts";
import { fronts } from "./fronts.ts";

export const documentPath = join(root, "docs/security.md");

const begin = "<!-- attacks: written by `just attack-table` -->\n";
const end = "<!-- end of attacks -->\n";

/** The document with the list of attempts as it is now between its marks. */
export function documentWithAttacks(): string {
  const text = readFileSync(documentPath, "utf8");
  const [before, rest] = text.split(begin);
  const [, after] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined)
    throw new Error(`${documentPath} has lost the marks of its attacks`);
  return `${before}${begin}\n${attackTables()}\n${end}${after}`;
}

function attackTables(): string {
  return fronts
    .map(
      ({ title, attacks }) =>
        `### ${title}\n\n${table([
          ["Tried", "What happens instead"],
          ...attacks.map(({ tries, refused }) => [tries, refused]),
        ])}`,
    )
    .join("\n");
}

/** As the formatter aligns it. */
function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) =>
    row.map((cell) => cell.replaceAll("|", "\\|")),
  );
  const widths = [0, 1].map((column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[], fill = " ") =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(" | ")} |\n`;
  const [head = [], ...body] = cells;
  return [head, ["", ""], ...body]
    .map((row, index) => line(row, index === 1 ? "-" : " "))
    .join("");
}
