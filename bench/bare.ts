import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Process } from "../install/e2e/rig/processes.ts";
import { cpuOfEndedChildren } from "./cpu.ts";

/** How the product started a restic. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export function readCommand({ pid, exe, env }: Process): Command {
  return {
    file: exe,
    args: readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(1, -1),
    env: Object.fromEntries(
      env.map((entry) => [
        entry.slice(0, entry.indexOf("=")),
        entry.slice(entry.indexOf("=") + 1),
      ]),
    ),
  };
}

/** The same without the product; what it prints is read and thrown away. Times in ms. */
export function runBare({
  file,
  args,
  env,
}: Command): Promise<{ readonly wall: number; readonly cpu: number }> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(file, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let errors = "";
    child.stdout.resume();
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    const before = cpuOfEndedChildren();
    child.on("error", reject);
    child.on("close", (code) => {
      if (code !== 0)
        return reject(new Error(`bare restic: exit ${code}\n${errors}`));
      resolve({
        wall: performance.now() - started,
        cpu: cpuOfEndedChildren() - before,
      });
    });
  });
}
