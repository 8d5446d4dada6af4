import type { LogField } from "./log-fields.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export type LogFields = { readonly [K in LogField]?: unknown };

/** Structured log of both executables. `message` is a constant sentence; whatever varies goes into `fields`. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log that adds `fields` to every line. */
  with(fields: LogFields): Log;
}
