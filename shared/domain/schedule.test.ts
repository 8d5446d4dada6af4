import { expect, test } from "bun:test";
import { cronText, defaultDailyCron } from "./schedule.ts";

test.each([
  "30 2 * * *",
  "*/15 0-6,22 1 1-12/2 0,6",
  "0 2 * * mon-fri",
  "0 2 1 JAN,jul *",
  "  5   4 *\t* *  ",
])("%p is five cron fields", (text) => {
  expect(cronText.parse(text)).toBe(text.trim());
});

test.each([
  "",
  "30 2 * *",
  "0 30 2 * * *",
  "@daily",
  "0 0 L * *",
  "0 0 15W * *",
  "0 0 * * 5#3",
  "0 0 ? * *",
  "0 2 * * monday",
  "0 2 * * *; rm -rf /",
])("%p is refused", (text) => {
  expect(cronText.safeParse(text).success).toBe(false);
});

test("the default daily schedule lies in the night, spread over its minutes", () => {
  const crons = Array.from({ length: 240 }, (_, i) =>
    defaultDailyCron((i + 0.5) / 240),
  );
  expect(new Set(crons).size).toBe(240);
  expect(crons[0]).toBe("0 1 * * *");
  expect(crons.at(-1)).toBe("59 4 * * *");
  expect(defaultDailyCron(0.999999999)).toBe("59 4 * * *");
  for (const cron of crons) expect(cronText.parse(cron)).toBe(cron);
});
