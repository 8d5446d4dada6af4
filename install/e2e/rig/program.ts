import { type ChildProcess, spawn } from "node:child_process";
import { waitFor } from "./wait.ts";

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running program with everything it has printed. */
export interface Program {
  readonly name: string;
  readonly pid: number;
  /** Both outputs in the order they came, without colours. */
  text(): string;
  stdout(): string;
  /** First match in the output, now or within `ms`. Fails at once when the program ends without it. */
  line(pattern: RegExp, ms?: number): Promise<RegExpExecArray>;
  running(): boolean;
  signal(name: NodeJS.Signals): void;
  /** Resolves when the program ended and its output is complete. */
  exit(ms?: number): Promise<Exit>;
  /** SIGTERM, and the exit that follows. */
  stop(ms?: number): Promise<Exit>;
  /** SIGKILL to this one process, and the exit that follows. */
  kill(): Promise<Exit>;
  /** Answers a question on its terminal. */
  write(text: string): void;
}

export interface ProgramOptions {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

export function startProgram(
  file: string,
  args: readonly string[],
  options: ProgramOptions,
): Program {
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: "pipe",
  });
  const { name } = options;
  let text = "";
  let stdout = "";
  let ended: Exit | null = null;
  let failure = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += plain(chunk);
    text += plain(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => (text += plain(chunk)));
  // A program that ended before it read its input is no fault of the test.
  child.stdin.on("error", () => {});
  child.on("error", (error) => {
    failure = `${error.message}; is it built? (bun install/build.ts)\n`;
    ended = { code: null, signal: null };
  });
  child.on("close", (code, signal) => (ended = { code, signal }));

  const told = () => `--- ${name} ---\n${failure}${text.slice(-4000)}`;
  const exit = (ms = 15_000) => waitFor(`${name} ends`, () => ended, ms, told);

  return {
    name,
    pid: pidOf(child),
    text: () => text,
    stdout: () => stdout,
    line: (pattern, ms = 15_000) =>
      waitFor(
        `${name} prints ${pattern}`,
        () => {
          const match = pattern.exec(text);
          if (match === null && ended !== null)
            throw new Error(
              `${name} ended (${JSON.stringify(ended)}) before it printed ${pattern}\n${told()}`,
            );
          return match;
        },
        ms,
        told,
      ),
    running: () => ended === null,
    signal: (signal) => void child.kill(signal),
    exit,
    stop(ms) {
      child.kill("SIGTERM");
      return exit(ms);
    },
    kill() {
      child.kill("SIGKILL");
      return exit();
    },
    write: (line) => void child.stdin.write(line),
  };
}

function pidOf(child: ChildProcess): number {
  return child.pid ?? 0;
}

function plain(chunk: Buffer): string {
  return Bun.stripANSI(chunk.toString("utf8"));
}
