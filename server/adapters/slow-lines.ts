import { createInterface } from "node:readline";
import {
  type Cancel,
  type Clock,
  every,
} from "@restic-manager/shared/clock.ts";

export const linesPerSecond = 1_000;

/**
 * Hands over what the broker writes, line by line. Clients can make it write a line with every few bytes they send, and
 * 100,000 a second would leave us no time for anybody else. Not reading makes the broker wait for us, and whoever floods
 * it for the broker.
 */
export function readSlowly(
  input: NodeJS.ReadableStream,
  clock: Clock,
  onLine: (line: string) => void,
): Cancel {
  const lines = createInterface({ input });
  let left = linesPerSecond;
  lines.on("line", (line) => {
    left--;
    if (left === 0) lines.pause();
    onLine(line);
  });
  const cancel = every(clock, 1000, () => {
    left = linesPerSecond;
    lines.resume();
  });
  // What ended has nothing more to say, and would answer with an error.
  lines.on("close", cancel);
  return cancel;
}
