import { expect, test } from "bun:test";
import { readLcov, total, unloaded } from "../lib/coverage.ts";

const report = `TN:
SF:server/a.ts
FNF:1
DA:1,3
DA:2,0
DA:4,1
LF:3
LH:2
end_of_record
SF:server/b.ts
DA:1,0
end_of_record
`;

test("lines that ran are counted by file and over all [TST-06]", () => {
  const files = readLcov(report);
  expect([...files]).toEqual([
    ["server/a.ts", { lines: 3, run: 2 }],
    ["server/b.ts", { lines: 1, run: 0 }],
  ]);
  expect(total(files.values())).toEqual({ lines: 4, run: 2 });
});

test("a file that no test loads counts with its code, without comments and blank lines [TST-06]", () => {
  const source = `/** A comment\n * of two lines. */\n\n// Another.\nexport const a = 1;\n  run();\n`;
  expect(unloaded(source)).toEqual({ lines: 2, run: 0 });
});
