import type { Clock } from "@restic-manager/shared/clock.ts";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Log, LogFields, LogLevel } from "@restic-manager/shared/log.ts";
import { redactUrls } from "@restic-manager/shared/redact.ts";
import { pino } from "pino";
import type { Logger } from "pino";

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: "json" | "pretty";
  readonly clock: Clock;
  /** Takes one finished line, with its line break. */
  readonly write: (line: string) => void;
}

/** One line an event: JSON with `time`, `level`, `msg` and the fields of `shared/log-fields.ts`, or text for people. */
export function createLog(options: LogOptions): Log {
  const { level, format, clock, write } = options;
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${toTimestamp(clock.now())}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: format === "json" ? write : (line) => write(pretty(line)) },
  );
  return wrap(logger);
}

function wrap(logger: Logger): Log {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) =>
      logger[level](plain(fields), message);
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => wrap(logger.child(plain(fields))),
  };
}

/** What JSON can carry, with passwords in addresses hidden. */
function plain(fields: LogFields): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof Error) {
      result[name] = redactUrls(value.message);
      result["stack"] = redactUrls(value.stack ?? "");
    } else {
      result[name] = typeof value === "string" ? redactUrls(value) : value;
    }
  }
  return result;
}

function pretty(line: string): string {
  const { time, level, msg, stack, ...fields } = JSON.parse(line) as Record<
    string,
    unknown
  >;
  const details = Object.entries(fields)
    .map(([name, value]) => `  ${name}=${shown(value)}`)
    .join("");
  const trace = typeof stack === "string" && stack !== "" ? `\n${stack}` : "";
  const label = String(level).toUpperCase().padEnd(5);
  return `${String(time)} ${label} ${String(msg)}${details}${trace}\n`;
}

/** A word as it is, anything else quoted: no text of a stranger passes for a line or a field of ours. */
function shown(value: unknown): string {
  if (typeof value === "string" && /^[^\s"\p{C}]+$/u.test(value)) return value;
  return (JSON.stringify(value) ?? "").replaceAll(
    /\p{C}/gu,
    (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`,
  );
}
