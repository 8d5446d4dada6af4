import { expect, test } from "bun:test";
import { deepFreeze } from "@restic-manager/shared/testing/deep-freeze.ts";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { createLog } from "./log.ts";
import type { LogOptions } from "./log.ts";

function capture(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = createLog({
    level: "info",
    format: "json",
    clock: createManualClock(),
    write: (line) => lines.push(line),
    ...options,
  });
  return { log, lines, json: () => lines.map((l) => JSON.parse(l) as unknown) };
}

test("each event is one JSON line with time, level, message and context [LOG-01]", () => {
  const { log, json } = capture();
  log.with({ host_id: "h1" }).info("Job started", { job_id: "01J" });
  expect(json()).toEqual([
    {
      level: "info",
      time: "2026-01-01T00:00:00.000Z",
      host_id: "h1",
      job_id: "01J",
      msg: "Job started",
    },
  ]);
});

test("debug lines appear only at level debug [LOG-02]", () => {
  const quiet = capture();
  quiet.log.debug("Detail");
  expect(quiet.lines).toEqual([]);

  const loud = capture({ level: "debug" });
  loud.log.debug("Detail");
  expect(loud.lines).toHaveLength(1);
});

test("an error keeps message and stack, and no line break splits the event [LOG-01]", () => {
  const { log, lines, json } = capture();
  log.error("Failed", { error: new Error("first\nsecond") });
  expect(lines).toHaveLength(1);
  expect(json()[0]).toMatchObject({ error: "first\nsecond" });
});

test("passwords in addresses are hidden [AUD-05]", () => {
  const { log, lines } = capture();
  log.with({ url: "rest:https://ada:hunter22@nas/" }).warn("Unreachable", {
    error: new Error("dial rest:https://ada:hunter22@nas/ failed"),
  });
  expect(lines.join("")).not.toContain("hunter22");
});

test("on a terminal a text from elsewhere cannot pass for a line or a field", () => {
  const { log, lines } = capture({ format: "pretty" });
  log.warn("Refused", { reason: "no\n2026 INFO  Fine  user=ada", code: "x" });
  log.warn("Refused", { reason: "\u001b[2K\u202e" });
  expect(lines[0]).toEndWith(
    '  reason="no\\n2026 INFO  Fine  user=ada"  code=x\n',
  );
  expect(lines[1]).toEndWith('  reason="\\u001b[2K\\u{202e}"\n');
});

test("on a terminal a line is text for people", () => {
  const { log, lines } = capture({ format: "pretty" });
  log.info("Listening", { url: "http://127.0.0.1:8080" });
  expect(lines).toEqual([
    "2026-01-01T00:00:00.000Z INFO  Listening  url=http://127.0.0.1:8080\n",
  ]);
});

test.each(["json", "pretty"] as const)(
  "what is logged as %s stays as it is [RES-06]",
  (format) => {
    const { log, lines } = capture({ format });
    const error = deepFreeze(new Error("https://ada:hunter22@nas failed"));
    const fields = deepFreeze({
      url: "https://ada:hunter22@nas",
      config: { RM_BASE_URL: "https://nas" },
      error,
    });
    log.with(fields).warn("A test", fields);
    expect(lines.join()).not.toContain("hunter22");
    expect(fields.url).toContain("hunter22");
    expect(error.message).toContain("hunter22");
  },
);
