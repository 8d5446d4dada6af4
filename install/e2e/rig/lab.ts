import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processesOf } from "./processes.ts";
import { type Program, startProgram } from "./program.ts";
import { waitFor } from "./wait.ts";

/** A folder and the programs of one test. Whatever happens in the test, nothing of it is left behind. */
export interface Lab {
  readonly dir: string;
  /** A fresh folder inside the lab. */
  folder(name: string): string;
  /** Starts a program that finds neither bun nor node, and that is ended with the lab. */
  start(file: string, args: readonly string[], options?: StartOptions): Program;
  /** Undone in reverse order, before the programs are stopped. */
  defer(undo: () => void | Promise<void>): void;
}

export interface StartOptions {
  readonly name?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Programs a plain Linux machine has and the product may use when they are there. */
const plainPrograms = [
  "/usr/bin/setpriv",
  "/usr/bin/mkfifo",
  "/usr/bin/cat",
  "/usr/bin/true",
  "/usr/bin/sh",
];

/** Wraps a test's body: gives it a lab, and fails it when a process outlives the lab. */
export function inLab(body: (lab: Lab) => Promise<void>): () => Promise<void> {
  return async () => {
    const lab = openLab();
    try {
      await body(lab);
    } catch (error) {
      process.stderr.write(lab.report());
      await lab.close().catch(() => {});
      throw error;
    }
    await lab.close();
  };
}

export interface OpenLab extends Lab {
  /** The last lines of every program, for a failing test. */
  report(): string;
  /** @throws Error when a process had to be killed because it outlived what started it. */
  close(): Promise<void>;
}

export function openLab(): OpenLab {
  const dir = mkdtempSync(join(tmpdir(), "rm-e2e-"));
  const undos: (() => void | Promise<void>)[] = [];
  const programs: Program[] = [];
  const folder = (name: string): string => {
    const path = join(dir, name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const bin = folder("bin");
  for (const file of plainPrograms)
    symlinkSync(file, join(bin, file.slice(file.lastIndexOf("/") + 1)));
  const env = {
    PATH: bin,
    HOME: folder("home"),
    TMPDIR: folder("tmp"),
    LANG: "C.UTF-8",
    TZ: "UTC",
  };

  return {
    dir,
    folder,
    start(file, args, options = {}) {
      const program = startProgram(file, args, {
        name: options.name ?? file.slice(file.lastIndexOf("/") + 1),
        env: { ...env, ...options.env },
        cwd: options.cwd ?? dir,
      });
      programs.push(program);
      return program;
    },
    defer: (undo) => void undos.push(undo),
    report: () =>
      programs
        .map(
          (program) =>
            `--- ${program.name} ---\n${program.text().slice(-3000)}\n`,
        )
        .join(""),
    async close() {
      const faults: unknown[] = [];
      for (const undo of undos.reverse()) await attempt(undo, faults);
      for (const program of programs.toReversed())
        if (program.running())
          await attempt(() => program.stop(15_000), faults);
      await attempt(() => nothingLeft(dir), faults);
      rmSync(dir, { recursive: true, force: true });
      if (faults.length > 0)
        throw new AggregateError(
          faults,
          `the lab did not end well: ${faults.join("; ")}`,
        );
    },
  };
}

async function attempt(act: () => unknown, faults: unknown[]): Promise<void> {
  try {
    await act();
  } catch (error) {
    faults.push(error);
  }
}

async function nothingLeft(dir: string): Promise<void> {
  try {
    await waitFor(
      "no process is left",
      () => processesOf(dir).length === 0,
      30_000,
      () =>
        processesOf(dir)
          .map(({ pid, args }) => `${pid} ${args}`)
          .join("\n"),
    );
  } finally {
    for (const { pid } of processesOf(dir)) process.kill(pid, "SIGKILL");
  }
}

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) =>
    listener.listen(0, "127.0.0.1", resolve),
  );
  const address = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  if (address === null || typeof address === "string")
    throw new Error("no port");
  return address.port;
}
