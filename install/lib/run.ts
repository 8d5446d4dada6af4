import { spawn } from "node:child_process";

export type RunOptions = {
  readonly cwd?: string;
  /** Added to the inherited environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Show the output on this process's stderr while it is captured. */
  readonly loud?: boolean;
};

export type RunResult = {
  /** Exit code; 127 when the program could not be started. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

/** Runs a program to its end; never throws for a failing exit code. */
export const run = (
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> =>
  new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const collect = (into: Buffer[]) => (chunk: Buffer) => {
      into.push(chunk);
      if (options.loud) process.stderr.write(chunk);
    };
    child.stdout.on("data", collect(stdout));
    child.stderr.on("data", collect(stderr));
    const finish = (code: number, reason = ""): void =>
      resolve({
        code,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString() + reason,
      });
    child.on("error", (error) => finish(127, error.message));
    child.on("close", (code) => finish(code ?? 1));
  });

/** Runs a program whose failure ends the build; returns its stdout. */
export const must = async (
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> => {
  const result = await run(command, args, options);
  if (result.code === 0) return result.stdout;
  const detail = `${result.stdout}\n${result.stderr}`.trim();
  throw new Error(
    `${[command, ...args].join(" ")} exited ${result.code}\n${detail}`,
  );
};
