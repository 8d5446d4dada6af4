import { toTimestamp, type Clock } from "@restic-manager/shared/clock.ts";
import type { Log, LogFields, LogLevel } from "@restic-manager/shared/log.ts";
import { redactUrls } from "@restic-manager/shared/redact.ts";

export interface LogOptions {
  readonly level: LogLevel;
  /** `text` for people at a terminal. */
  readonly format: "json" | "text";
  readonly clock: Clock;
  /** Takes one finished line, with its line break. */
  readonly write: (line: string) => void;
}

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** One line an event, with the same names as the server's log. */
export function createLog(options: LogOptions, base: LogFields = {}): Log {
  const { level, format, clock, write } = options;
  const at =
    (own: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (levels.indexOf(own) < levels.indexOf(level)) return;
      const time = toTimestamp(clock.now());
      const details = plain({ ...base, ...fields });
      write(
        format === "json"
          ? json(time, own, message, details)
          : text(time, own, message, details),
      );
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => createLog(options, { ...base, ...fields }),
  };
}

type Details = Record<string, unknown>;

function json(
  time: string,
  level: LogLevel,
  msg: string,
  details: Details,
): string {
  return `${JSON.stringify({ level, time, msg, ...details })}\n`;
}

function text(
  time: string,
  level: LogLevel,
  msg: string,
  { stack, ...details }: Details,
): string {
  const pairs = Object.entries(details).map(
    ([name, value]) => `  ${name}=${shown(value)}`,
  );
  const trace =
    typeof stack === "string" && level === "error" ? `\n${stack}` : "";
  return `${time} ${level.toUpperCase().padEnd(5)} ${msg}${pairs.join("")}${trace}\n`;
}

/** A word as it is, anything else quoted: what somebody else says is not taken for a line or a field of ours. */
function shown(value: unknown): string {
  if (typeof value === "string" && /^[^\s"\p{C}]+$/u.test(value)) return value;
  return (JSON.stringify(value) ?? "").replaceAll(
    /\p{C}/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/** What JSON can carry, with passwords in addresses hidden. */
function plain(fields: LogFields): Details {
  const result: Details = {};
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
