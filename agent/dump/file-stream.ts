import type { Clock } from "@restic-manager/shared/clock.ts";
import type { SignedText } from "@restic-manager/shared/identity/signed.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import {
  maxStreamPiece,
  streamGrant,
  type StreamEnd,
} from "@restic-manager/shared/protocol/stream.ts";
import { FailureError } from "../failure-error.ts";
import { serverUrl } from "../identity/server-door.ts";
import { webSocketWords } from "../identity/server-fault.ts";
import type { Trust } from "../platform/trust.ts";
import type { StopReason } from "../restic/exit-codes.ts";

/** The way of files to the server and whoever downloads them there. */
export interface FileStream {
  /**
   * Takes a piece, which leaves with its neighbours. Gives a promise when it must wait for the other end to take more, and
   * rejects when that is gone.
   */
  send(piece: Uint8Array): Promise<void> | void;
  /** Says how it ended; resolves when the server has closed. */
  finish(end: StreamEnd): Promise<void>;
  /** Aborted when the other end is gone. */
  readonly gone: AbortSignal;
}

export interface FileStreamDeps {
  /** The server's address now. */
  readonly server: () => string;
  /** Null trusts whom this host's system trusts. */
  readonly trust: Trust | null;
  readonly clock: Clock;
}

const openMs = 15_000;
const closeMs = 10_000;
/** How long bytes wait for more, until they fill a message: each message wakes whoever is on the way. */
const gatherMs = 20;
/** Whoever pauses a download for longer has gone. */
const patienceMs = 60 * 60_000;

/** Dials the server and says whose stream it is. Throws `FailureError`. */
export async function openFileStream(
  { server, trust, clock }: FileStreamDeps,
  opening: SignedText,
): Promise<FileStream> {
  const url = serverUrl(server(), "api/agents/stream");
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url, trust === null ? {} : { tls: trust });
  const gone = new AbortController();
  const held = new Uint8Array(maxStreamPiece);
  let length = 0;
  /** Whether what is held waits for nothing but a grant. */
  let isDue = false;
  let stopGathering = () => {};
  let granted = 0;
  let wake = () => {};
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const giveUp = (words: string) =>
    reject(new FailureError("internal", webSocketWords(url, words)));
  const cancelOpen = clock.after(openMs, () => {
    giveUp("no answer in time");
    socket.terminate();
  });
  socket.addEventListener("open", () => resolve());
  socket.addEventListener("error", ({ message }) => giveUp(message));
  socket.addEventListener("message", ({ data }) => {
    const grant =
      typeof data === "string" ? parseJson(data, streamGrant) : null;
    granted += grant?.grant ?? 0;
    if (isDue) flush();
    wake();
  });
  socket.addEventListener("close", () => {
    gone.abort("cancelled" satisfies StopReason);
    giveUp("closed connection");
    stopGathering();
    wake();
  });
  await promise.finally(cancelOpen);
  socket.send(JSON.stringify(opening));

  /** Sends what is held, as far as it is granted; a socket copies what it is given. */
  function flush(): void {
    const size = Math.min(length, granted);
    if (size > 0) socket.send(held.subarray(0, size));
    granted -= size;
    held.copyWithin(0, size, length);
    length -= size;
    isDue = length > 0;
    stopGathering();
  }

  /** Holds what there is room for, and gives back the rest. */
  function hold(piece: Uint8Array): Uint8Array {
    let rest = piece;
    while (rest.length > 0 && length < held.length && !gone.signal.aborted) {
      if (length === 0) stopGathering = clock.after(gatherMs, flush);
      const part = rest.subarray(0, held.length - length);
      held.set(part, length);
      length += part.length;
      rest = rest.subarray(part.length);
      if (length === held.length) flush();
    }
    return rest;
  }

  async function holdInTime(piece: Uint8Array): Promise<void> {
    for (let rest = piece; rest.length > 0; rest = hold(rest)) await news();
  }

  /** Resolves when more is granted, or nobody is there any more. */
  async function news(): Promise<void> {
    if (gone.signal.aborted) throw new FailureError("cancelled");
    const { promise: told, resolve: tell } = Promise.withResolvers<void>();
    wake = tell;
    const cancel = clock.after(patienceMs, () => socket.terminate());
    await told.finally(cancel);
  }

  return {
    gone: gone.signal,
    send(piece) {
      const rest = hold(piece);
      return rest.length > 0 ? holdInTime(rest) : undefined;
    },
    async finish(end) {
      // What an end that is a failure leaves behind nobody wants.
      if (end.done) flush();
      while (end.done && length > 0 && !gone.signal.aborted) await news();
      stopGathering();
      if (gone.signal.aborted) return;
      socket.send(JSON.stringify(end));
      const cancel = clock.after(closeMs, () => socket.close());
      await new Promise((closed) =>
        socket.addEventListener("close", closed, { once: true }),
      ).finally(cancel);
    },
  };
}
