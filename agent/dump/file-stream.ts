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
  /** Resolves when the piece is on its way, which it is only while the other end takes it. Rejects when that is gone. */
  send(piece: Uint8Array): Promise<void>;
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
    wake();
  });
  socket.addEventListener("close", () => {
    gone.abort("cancelled" satisfies StopReason);
    giveUp("closed connection");
    wake();
  });
  await promise.finally(cancelOpen);
  socket.send(JSON.stringify(opening));

  async function grant(): Promise<number> {
    while (granted === 0 && !gone.signal.aborted) {
      const { promise: news, resolve: tell } = Promise.withResolvers<void>();
      wake = tell;
      const cancel = clock.after(patienceMs, () => socket.terminate());
      await news.finally(cancel);
    }
    if (gone.signal.aborted) throw new FailureError("cancelled");
    return granted;
  }

  return {
    gone: gone.signal,
    async send(piece) {
      for (let at = 0; at < piece.length;) {
        const size = Math.min(await grant(), piece.length - at, maxStreamPiece);
        socket.send(piece.subarray(at, at + size));
        granted -= size;
        at += size;
      }
    },
    async finish(end) {
      if (gone.signal.aborted) return;
      socket.send(JSON.stringify(end));
      const cancel = clock.after(closeMs, () => socket.close());
      await new Promise((closed) =>
        socket.addEventListener("close", closed, { once: true }),
      ).finally(cancel);
    },
  };
}
