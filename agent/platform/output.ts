import type { ChildProcess } from "node:child_process";
import { closeSync, constants, openSync, rmSync } from "node:fs";
import { createLineSplitter } from "./lines.ts";

export type OutputStream = "stdout" | "stderr";
export type OnLine = (stream: OutputStream, line: string) => void;
/** Takes a piece of stdout; nothing more is read until it is done. */
export type OnBytes = (piece: Uint8Array) => Promise<void>;

/** Who takes the output of a child process. */
export interface Taker {
  readonly onLine: OnLine;
  readonly longestLine?: number | undefined;
  /** Stdout as it is, instead of its lines. */
  readonly onBytes?: OnBytes | undefined;
}

/** How the output of one child process reaches us. */
export interface Output {
  /** What the child gets as stdout and stderr. */
  readonly stdio: readonly [stdout: "pipe" | number, stderr: "pipe" | number];
  /** To be called once, after the start of the child. */
  read(child: ChildProcess, taker: Taker): Reading;
}

export interface Reading {
  /** Resolves at the end of both streams. Rejects with what its taker threw. */
  readonly done: Promise<unknown>;
  /** Ends streams of lines early: a grandchild may hold them open for ever. */
  stop(): void;
}

/** The ordinary way: the child's own stdout and stderr. */
export const streamOutput: Output = {
  stdio: ["pipe", "pipe"],
  read: (child, taker) =>
    both((name) => {
      const stream = child[name];
      return stream === null
        ? nothing
        : readStream(stream, sinkOf(name, taker));
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
    read(_child, taker) {
      closeSync(stdout.write);
      closeSync(stderr.write);
      const fds = { stdout: stdout.read, stderr: stderr.read };
      return both((name) => readPipe(fds[name], sinkOf(name, taker)));
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

interface Sink {
  push(chunk: Uint8Array): Promise<void> | void;
  end(): void;
  /** Whether its end may come early. */
  readonly mayStop: boolean;
}

function sinkOf(
  name: OutputStream,
  { onLine, longestLine, onBytes }: Taker,
): Sink {
  return onBytes !== undefined && name === "stdout"
    ? { push: onBytes, end: () => {}, mayStop: false }
    : {
        ...createLineSplitter((line) => onLine(name, line), longestLine),
        mayStop: true,
      };
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

function readPipe(fd: number, sink: Sink): Reading {
  const reader = Bun.file(fd).stream().getReader();
  async function read(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        const taken = sink.push(value);
        if (taken !== undefined) await taken;
        else if (value.length < fullChunk) await pause();
      }
      sink.end();
    } finally {
      closeSync(fd);
    }
  }
  return {
    done: read(),
    stop: () => void (sink.mayStop && reader.cancel()),
  };
}

function readStream(stream: NodeJS.ReadableStream, sink: Sink): Reading {
  const stopped = Promise.withResolvers<void>();
  async function read(): Promise<void> {
    for await (const chunk of stream) await sink.push(chunk as Uint8Array);
    sink.end();
  }
  const stop = () => {
    if (!sink.mayStop) return;
    sink.end();
    stopped.resolve();
  };
  return { done: Promise.race([read(), stopped.promise]), stop };
}
