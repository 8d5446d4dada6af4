import { redactSecrets, truncate } from "@restic-manager/shared/redact.ts";
import type { OutputStream } from "../platform/output.ts";
import type { ResticMessage } from "./messages.ts";

const keptLines = 12;
const longestText = 4000;

export interface Words {
  add(message: ResticMessage, stream: OutputStream): void;
  /** The last lines that help to understand a failure, without secrets. */
  text(): string;
}

export function createWords(secrets: readonly string[]): Words {
  const lines: string[] = [];
  return {
    add(message, stream) {
      const said = wordOf(message, stream);
      if (said === null) return;
      lines.push(redactSecrets(said, secrets));
      if (lines.length > keptLines) lines.shift();
    },
    text: () => truncate(lines.join("\n"), longestText),
  };
}

function wordOf(message: ResticMessage, stream: OutputStream): string | null {
  if (message.type === "exit_error") return message.message.trim();
  if (message.type !== "text" || stream === "stdout") return null;
  const { line } = message;
  const known =
    missingPath(line) !== null || /signal interrupt received/.test(line);
  return known || line === "" ? null : line;
}

/** The path restic skipped because it is not there, or null. */
export function missingPath(line: string): string | null {
  return /^(.+) does not exist, skipping$/.exec(line)?.[1] ?? null;
}
