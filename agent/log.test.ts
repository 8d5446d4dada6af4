import { expect, test } from "bun:test";
import { deepFreeze } from "@restic-manager/shared/testing/deep-freeze.ts";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { createLog } from "./log.ts";

function logTo(format: "json" | "text", level: "debug" | "info" = "info") {
  const lines: string[] = [];
  const log = createLog({
    level,
    format,
    clock: createManualClock(),
    write: (line) => lines.push(line),
  });
  return { log, lines };
}

test("each line is one JSON object with time, level, message and fields [LOG-01]", () => {
  const { log, lines } = logTo("json");
  log
    .with({ host_id: "h1" })
    .with({ job_id: "j1" })
    .warn("A backup\nstarts", { count: 2 });
  expect(lines).toHaveLength(1);
  expect(lines[0]?.split("\n")).toHaveLength(2);
  expect(JSON.parse(lines[0] ?? "")).toEqual({
    level: "warn",
    time: "2026-01-01T00:00:00.000Z",
    msg: "A backup\nstarts",
    host_id: "h1",
    job_id: "j1",
    count: 2,
  });
});

test("debug is off by default [LOG-02]", () => {
  const quiet = logTo("json");
  quiet.log.debug("x");
  expect(quiet.lines).toEqual([]);
  const loud = logTo("json", "debug");
  loud.log.debug("x");
  expect(loud.lines).toHaveLength(1);
});

test("people at a terminal get lines to read", () => {
  const { log, lines } = logTo("text");
  log.info("Connected to the server", { url: "https://me:pw@host/", count: 1 });
  expect(lines).toEqual([
    "2026-01-01T00:00:00.000Z INFO  Connected to the server  url=https://***@host/  count=1\n",
  ]);
});

test("words of several lines stay one line at a terminal", () => {
  const { log, lines } = logTo("text");
  log.warn("It was refused", { reason: "No.\nIs there a repository?\u001b" });
  expect(lines).toEqual([
    '2026-01-01T00:00:00.000Z WARN  It was refused  reason="No.\\nIs there a repository?\\u001b"\n',
  ]);
});

test("an error carries its message and stack, without passwords of addresses", () => {
  const { log, lines } = logTo("json");
  log.error("It failed", { error: new Error("at https://me:pw@host/") });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    error: "at https://***@host/",
    stack: expect.stringContaining("log.test.ts"),
  });
});

test("what is logged stays as it is [RES-06]", () => {
  const { log, lines } = logTo("json");
  const fields = deepFreeze({
    url: "https://ada:hunter22@nas",
    error: new Error("https://ada:hunter22@nas failed"),
  });
  log.with(fields).warn("A test", fields);
  expect(lines.join()).not.toContain("hunter22");
  expect(fields.url).toContain("hunter22");
  expect(fields.error.message).toContain("hunter22");
});
