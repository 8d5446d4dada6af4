import { say } from "./step.ts";

/** What was tried, and what came of it. */
export interface Report {
  /** Tries one thing, and gives its result. @throws what `body` throws, after it was noted. */
  step<T>(name: string, body: () => Promise<T>): Promise<T>;
  /** Steps that build on each other: after one that failed the rest of them is left out. */
  part(title: string, body: () => Promise<void>): Promise<void>;
  passed(): number;
  failed(): number;
  /** The table, as lines. */
  table(): string;
}

interface Row {
  readonly part: string;
  readonly name: string;
  readonly seconds: number;
  /** Why it failed; null when it did not. */
  readonly reason: string | null;
}

export function createReport(): Report {
  const rows: Row[] = [];
  let part = "";

  function note(row: Row): void {
    rows.push(row);
    const took = `${row.seconds.toFixed(1).padStart(5)} s`;
    say(`${row.reason === null ? "pass" : "FAIL"}  ${took}  ${row.name}`);
    if (row.reason !== null) say(row.reason.replaceAll(/^/gm, "      "));
  }

  return {
    async step(name, body) {
      const start = performance.now();
      const seconds = () => (performance.now() - start) / 1000;
      try {
        const result = await body();
        note({ part, name, seconds: seconds(), reason: null });
        return result;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        note({ part, name, seconds: seconds(), reason });
        throw error;
      }
    },
    async part(title, body) {
      part = title;
      say(`\n${title}`);
      const before = rows.length;
      try {
        await body();
      } catch (error) {
        const noted = rows.slice(before).some(({ reason }) => reason !== null);
        // Not inside a step: nothing has said it yet.
        if (!noted)
          note({
            part,
            name: "(between two steps)",
            seconds: 0,
            reason: String(error),
          });
      }
    },
    passed: () => rows.filter(({ reason }) => reason === null).length,
    failed: () => rows.filter(({ reason }) => reason !== null).length,
    table: () =>
      rows
        .map(
          ({ part: title, name, seconds, reason }) =>
            `| ${reason === null ? "pass" : "FAIL"} | ${title.padEnd(12)} | ${name.padEnd(78)} | ${seconds.toFixed(1).padStart(5)} s |\n`,
        )
        .join(""),
  };
}
