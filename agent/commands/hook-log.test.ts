import { expect, test } from "bun:test";
import { createHookLog } from "./hook-log.ts";

function written(
  name: "pre" | "post",
  work: (log: ReturnType<typeof createHookLog>) => void,
) {
  const lines: string[] = [];
  const log = createHookLog(
    {
      add: (kind, stream, text) => lines.push(`${kind} ${stream} ${text}`),
      file: () => {},
      flush: () => {},
      lines: () => lines.length,
    },
    name,
  );
  work(log);
  log.end();
  return lines;
}

test("lines of a hook say whose they are [HKS-03]", () => {
  const lines = written("post", (log) => {
    log.add("stdout", "started");
    log.add("stderr", "careful");
  });
  expect(lines).toEqual([
    "info hook hook(post): started",
    "warning hook hook(post): careful",
  ]);
});

test("of very many lines the first and the last are kept, and how much is missing is said [HKS-03]", () => {
  const lines = written("pre", (log) => {
    for (let n = 1; n <= 100_000; n++) log.add("stdout", `line ${n}`);
  });
  expect(lines[0]).toEndWith("line 1");
  expect(lines[4_999]).toEndWith("line 5000");
  expect(lines.at(-2)).toEndWith("line 100000");
  expect(lines.at(-1)).toBe(
    "warning system hook(pre): 94950 lines (922.4 KiB) before its last 50 are left out.",
  );
  expect(lines).toHaveLength(5_051);
});

test("few lines that are long end at a mebibyte", () => {
  const lines = written("pre", (log) => {
    for (let n = 0; n < 1_000; n++) log.add("stdout", "x".repeat(60_000));
  });
  expect(lines).toHaveLength(17 + 50 + 1);
});
