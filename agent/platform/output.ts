import type { ChildProcess } from "node:child_process";
import { closeSync, constants, openSync, rmSync } from "node:fs";
import { createLineSplitter, type LineSplitter } from "./lines.ts";

export type OutputStream = "stdout" | "stderr";
export type OnLine = (stream: OutputStream, line: string) => void;

/** How the output of one child process reaches us. */
export interface Output {
  /** What the child gets as stdout and stderr. */
  readonly stdio: readonly [stdout: "pipe" | number, stderr: "pipe" | number];
  /** To be called once, after the start of the child. */
  read(child: ChildProcess, onLine: OnLine, longestLine?: number): Reading;
}

export interface Reading {
  /** Resolves at the end of both streams. Rejects with what `onLine` threw. */
  readonly done: Promise<unknown>;
  /** Ends both streams early: a grandchild may hold them open for ever. */
  stop(): void;
}

/** The ordinary way: the child's own stdout and stderr. */
export const streamOutput: Output = {
  stdio: ["pipe", "pipe"],
  read: (child, onLine, longestLine) =>
    both((name) => {
      const stream = child[name];
      const lines = linesOf(name, onLine, longestLine);
      return stream === null ? nothing : readStream(stream, lines);
    }),
};

/**
 * Named pipes (their two paths exist) whose writing ends are open for both directions: the child then holds a reader
 * itself, and what it writes after our death goes nowhere. A closed pipe would kill restic (SIGPIPE) before it has
 * removed its lock.
 */
export function pipeOutput(paths: Record<OutputStream, string>): Output {
  const stdout = openPipe(paths.stdout);
  const stderr = openPipe(paths.stderr);
  return {
    stdio: [stdout.write, stderr.write],
    read(_child, onLine, longestLine) {
      closeSync(stdout.write);
      closeSync(stderr.write);
      const fds = { stdout: stdout.read, stderr: stderr.read };
      return both((name) =>
        readPipe(fds[name], linesOf(name, onLine, longestLine)),
      );
    },
  };
}

const nothing: Reading = { done: Promise.resolve(), stop: () => {} };

function both(read: (name: OutputStream) => Reading): Reading {
  const [out, err] = [read("stdout"), read("stderr")];
  return {
    done: Promise.all([out.done, err.done]),
    stop() {
      out.stop();
      err.stop();
    },
  };
}

function linesOf(
  name: OutputStream,
  onLine: OnLine,
  longest?: number,
): LineSplitter {
  return createLineSplitter((line) => onLine(name, line), longest);
}

function openPipe(path: string): { read: number; write: number } {
  const write = openSync(path, constants.O_RDWR);
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  rmSync(path);
  return { read, write };
}

/**
 * restic writes line by line, and waking up for each costs more than reading it: what trickles is gathered for a moment,
 * what comes in full chunks is read without a pause.
 */
const fullChunk = 16 * 1024;
const pauseMs = 10;

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pauseMs));
}

function readPipe(fd: number, lines: LineSplitter): Reading {
  const reader = Bun.file(fd).stream().getReader();
  async function read(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        lines.push(value);
        if (value.length < fullChunk) await pause();
      }
      lines.end();
    } finally {
      closeSync(fd);
    }
  }
  return { done: read(), stop: () => void reader.cancel() };
}

function readStream(
  stream: NodeJS.ReadableStream,
  lines: LineSplitter,
): Reading {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const guarded = (step: () => void) => {
    try {
      step();
    } catch (error) {
      reject(error);
    }
  };
  const end = () => {
    guarded(lines.end);
    resolve();
  };
  stream.on("data", (chunk: Uint8Array) => guarded(() => lines.push(chunk)));
  stream.on("end", end);
  stream.on("error", reject);
  return { done: promise, stop: end };
}
