import type { ChildProcess } from "node:child_process";
import { closeSync, constants, openSync, rmSync } from "node:fs";
import { createLineSplitter } from "./lines.ts";

export type OutputStream = "stdout" | "stderr";
export type OnLine = (stream: OutputStream, line: string) => void;
/** Takes a piece of stdout; nothing more is read until its promise, if it gives one, is kept. */
export type OnBytes = (piece: Uint8Array) => Promise<void> | void;

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
 * Named pipes (their two paths exist). Without `drain` their writing ends are open for both directions: the child then holds
 * a reader itself, and what it writes after our death goes nowhere. A closed pipe would kill restic (SIGPIPE) before it has
 * removed its lock. With `drain`, which gets a descriptor to read to its end, what is left of a stream that is ended early
 * goes there: whoever writes it would wait for ever once the pipe is full.
 */
export function pipeOutput(
  paths: Record<OutputStream, string>,
  drain: Drain | null,
): Output {
  const stdout = openPipe(paths.stdout, drain);
  const stderr = openPipe(paths.stderr, drain);
  return {
    stdio: [stdout.write, stderr.write],
    read(_child, taker) {
      closeSync(stdout.write);
      closeSync(stderr.write);
      const pipes = { stdout, stderr };
      return both((name) => readPipe(pipes[name], sinkOf(name, taker)));
    },
  };
}

/** Has a descriptor read to its end by somebody else. */
export type Drain = (fd: number) => void;

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

interface Pipe {
  readonly read: number;
  readonly write: number;
  /** Gives the rest away. */
  readonly leave: () => void;
  readonly close: () => void;
}

function openPipe(path: string, drain: Drain | null): Pipe {
  const { O_RDWR, O_WRONLY, O_RDONLY, O_NONBLOCK } = constants;
  const read = openSync(path, O_RDONLY | O_NONBLOCK);
  const write = openSync(path, drain === null ? O_RDWR : O_WRONLY);
  // Other programs read only from one that blocks.
  const rest = drain === null ? null : openSync(path, O_RDONLY);
  rmSync(path);
  return {
    read,
    write,
    leave: () => rest !== null && drain?.(rest),
    close() {
      closeSync(read);
      if (rest !== null) closeSync(rest);
    },
  };
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

function readPipe({ read: fd, leave, close }: Pipe, sink: Sink): Reading {
  const reader = Bun.file(fd).stream().getReader();
  let isOpen = true;
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
      isOpen = false;
      close();
    }
  }
  return {
    done: read(),
    stop() {
      if (!sink.mayStop || !isOpen) return;
      leave();
      void reader.cancel();
    },
  };
}

function readStream(stream: Unrefable, sink: Sink): Reading {
  const stopped = Promise.withResolvers<void>();
  let isStopped = false;
  async function read(): Promise<void> {
    for await (const chunk of stream) {
      const taken = isStopped ? undefined : sink.push(chunk as Uint8Array);
      if (taken !== undefined) await taken;
    }
    if (!isStopped) sink.end();
  }
  const stop = () => {
    if (!sink.mayStop) return;
    isStopped = true;
    sink.end();
    // Whoever still writes is read on, but must not keep us from our own end.
    stream.unref?.();
    stopped.resolve();
  };
  return { done: Promise.race([read(), stopped.promise]), stop };
}

type Unrefable = NodeJS.ReadableStream & { unref?(): void };
