import type { Log, LogFields, LogLevel } from "@restic-manager/shared/log.ts";

export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** A log that keeps what it is told. */
export function createTestLog(): Log & { readonly entries: LogEntry[] } {
  const entries: LogEntry[] = [];
  return { entries, ...logInto(entries, {}) };
}

function logInto(entries: LogEntry[], base: LogFields): Log {
  const write = (level: LogLevel) => (message: string, fields?: LogFields) => {
    entries.push({ level, message, fields: { ...base, ...fields } });
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    with: (fields) => logInto(entries, { ...base, ...fields }),
  };
}
