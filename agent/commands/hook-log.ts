import { bytesText } from "./backup-log.ts";
import type { OutputStream } from "../platform/output.ts";
import type { JobLog } from "./job-log.ts";

/** Output of one hook on its way into a job's log: so much of its beginning, and its last lines, which say why it failed. */
export interface HookLog {
  add(stream: OutputStream, line: string): void;
  /** Writes the last lines, and how much was left out. */
  end(): void;
}

const firstLines = 5_000;
const firstCharacters = 1024 * 1024;
const lastLines = 50;

interface Line {
  readonly stream: OutputStream;
  readonly text: string;
}

export function createHookLog(log: JobLog, name: "pre" | "post"): HookLog {
  let lines = 0;
  let characters = 0;
  const last: Line[] = [];
  let leftLines = 0;
  let leftCharacters = 0;

  function write({ stream, text }: Line): void {
    const kind = stream === "stderr" ? "warning" : "info";
    log.add(kind, "hook", `hook(${name}): ${text}`);
  }

  return {
    add(stream, text) {
      lines++;
      characters += text.length;
      if (lines <= firstLines && characters <= firstCharacters)
        return write({ stream, text });
      last.push({ stream, text });
      if (last.length <= lastLines) return;
      leftLines++;
      leftCharacters += last.shift()?.text.length ?? 0;
    },
    end() {
      for (const line of last) write(line);
      if (leftLines > 0)
        log.add(
          "warning",
          "system",
          `hook(${name}): ${leftLines} lines (${bytesText(leftCharacters)}) before its last ${lastLines} are left out.`,
        );
    },
  };
}
