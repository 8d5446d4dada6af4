import type { OutputStream } from "../platform/output.ts";
import type { ResticMessage } from "./messages.ts";

const keptLines = 12;

export interface Words {
  add(message: ResticMessage, stream: OutputStream): void;
  /** The last lines that help to understand a failure, as restic said them. */
  text(): string;
}

export function createWords(): Words {
  const lines: string[] = [];
  return {
    add(message, stream) {
      const said = wordOf(message, stream);
      if (said === null || isStack(said)) return;
      lines.push(said);
      if (lines.length > keptLines) lines.shift();
    },
    text: () => lines.join("\n"),
  };
}

function wordOf(message: ResticMessage, stream: OutputStream): string | null {
  if (message.type === "exit_error")
    return message.message
      .trim()
      .split("\n")
      .filter((line) => !isStack(line))
      .join("\n");
  if (message.type !== "text" || stream === "stdout") return null;
  const { line } = message;
  const known =
    missingPath(line) !== null || /signal interrupt received/.test(line);
  return known || line === "" ? null : line;
}

/** Where in restic's program an error came up; a long list that says nothing to people. */
function isStack(line: string): boolean {
  return /^\t|^(main|runtime|github\.com|golang\.org)[./]\S+$/.test(line);
}

/** The path restic skipped because it is not there, or null. */
export function missingPath(line: string): string | null {
  return /^(.+) does not exist, skipping$/.exec(line)?.[1] ?? null;
}
