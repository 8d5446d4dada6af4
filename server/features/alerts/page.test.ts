import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { alertKinds } from "@restic-manager/shared/domain/alert.ts";

test("the page of alerts lists every kind with its severity [ALR-06]", () => {
  const path = join(import.meta.dir, "../../../docs/alerts.md");
  const rows = [
    ...readFileSync(path, "utf8").matchAll(
      /^\| `(\w+)` *\|[^|]*\| (\w+) *\|[^|]*\|$/gm,
    ),
  ].map(([, kind, severity]) => [kind, severity]);
  expect(Object.fromEntries(rows)).toEqual(
    Object.fromEntries(
      Object.entries(alertKinds).map(([kind, { severity }]) => [
        kind,
        severity,
      ]),
    ),
  );
});
