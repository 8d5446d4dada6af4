import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fronts } from "../attack/fronts.ts";
import { documentPath, documentWithAttacks } from "../attack/table.ts";

test("the threat model lists every attack that is tried; `just attack-table` writes it anew [SEC-05]", () => {
  expect(readFileSync(documentPath, "utf8")).toBe(documentWithAttacks());
});

test("no attack is listed twice", () => {
  const names = fronts.flatMap(({ title, attacks }) =>
    attacks.map(({ tries }) => `${title}: ${tries}`),
  );
  expect(names).toHaveLength(new Set(names).size);
});
