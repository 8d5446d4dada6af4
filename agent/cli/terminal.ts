import { createInterface } from "node:readline/promises";
import type { Terminal } from "./context.ts";

/** The process's own standard streams. */
export function createTerminal(): Terminal {
  return {
    say: (line) => void process.stdout.write(`${line}\n`),
    complain: (line) => void process.stderr.write(`${line}\n`),
    async ask(question) {
      if (!process.stdin.isTTY) return null;
      const reader = createInterface({
        input: process.stdin,
        output: process.stdout,
      });
      try {
        return await reader.question(question);
      } finally {
        reader.close();
      }
    },
    readLine: () =>
      new Promise((resolve) => {
        const reader = createInterface({ input: process.stdin });
        reader.once("line", (line) => {
          resolve(line);
          reader.close();
        });
        reader.once("close", () => resolve(""));
      }),
  };
}
