import { expect, test } from "bun:test";
import { elapsedText } from "./job-words.ts";

const times = {
  started_at: "2026-11-24T10:00:00.000Z",
  finished_at: "2026-11-24T10:01:30.000Z",
};
const now = Date.parse("2026-11-24T14:00:00.000Z");

test("a job takes from its start to its end, or until now", () => {
  expect(elapsedText({ ...times, state: "failed" }, now)).toBe("1m 30s");
  expect(
    elapsedText({ ...times, state: "running", finished_at: null }, now),
  ).toBe("4h 00m");
});

test("how long a lost job took is not known: it ended with its agent, and was missed later", () => {
  expect(elapsedText({ ...times, state: "lost" }, now)).toBe("–");
});
