import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import {
  maxStreamPiece,
  streamEnd,
  streamWindow,
} from "@restic-manager/shared/protocol/stream.ts";
import type {
  StreamEnd,
  StreamGrant,
} from "@restic-manager/shared/protocol/stream.ts";
import { AppError } from "../app-error.ts";
import type { ExpectedStream } from "../ports/agent-streams.ts";
import type { Socket } from "../ports/socket.ts";

type Line = Pick<Socket, "send" | "close">;

/** One stream, between the socket of its agent and whoever reads it. */
export interface AgentStream extends Omit<ExpectedStream, "token"> {
  /** Its agent is there: it may send as much as is held for it here. */
  connected(socket: Line): void;
  take(message: string | Buffer): void;
  /** The connection has ended. */
  lost(): void;
  fail(error: AppError): void;
}

const normalClosure = 1000;
const policyViolation = 1008;
/** Granting each piece by itself would double the messages. */
const grantAt = streamWindow / 4;
/** Small pieces wait as one: alone each takes many times its own bytes. */
const smallPiece = 4096;

const brokenOff = () =>
  new AppError("download_failed", {
    message: "The connection to the agent ended before the first byte.",
  });
const overrun = () =>
  new AppError("download_failed", {
    message:
      "The agent did not keep to what it may send; install the agent that this server offers.",
  });

/**
 * Holds at most `streamWindow` bytes: the agent may send that much, and then as much as has been taken. Ends well only when
 * the agent says that this was all and as many bytes came as it sent.
 */
export function createAgentStream(): AgentStream {
  const body = Promise.withResolvers<ReadableStream<Uint8Array>>();
  const ended = Promise.withResolvers<void>();
  const waiting: Uint8Array[] = [];
  let socket: Line | undefined;
  let state: "open" | "done" | "failed" = "open";
  let received = 0;
  let granted = 0;
  let taken = 0;
  let wake = () => {};
  // Whoever cancels before the first byte asks for no reason.
  body.promise.catch(() => {});

  const reader = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        while (waiting.length === 0 && state === "open") {
          const news = Promise.withResolvers<void>();
          wake = news.resolve;
          await news.promise;
        }
        const piece = waiting.shift();
        if (piece !== undefined) {
          controller.enqueue(piece);
          grantFor(piece.length);
        } else if (state === "done") controller.close();
        // Without a reason: Bun prints one, and the connection is cut either way.
        else controller.error();
      },
      cancel,
    },
    { highWaterMark: 0 },
  );

  function hold(piece: Uint8Array): void {
    const last = waiting.at(-1);
    if (last !== undefined && last.length + piece.length <= smallPiece)
      waiting[waiting.length - 1] = Buffer.concat([last, piece]);
    else waiting.push(piece);
  }

  function grantFor(bytes: number): void {
    taken += bytes;
    const more = taken + streamWindow - granted;
    if (state === "open" && more >= grantAt) grant(more);
  }

  function grant(bytes: number): void {
    granted += bytes;
    const said: StreamGrant = { grant: bytes };
    socket?.send(JSON.stringify(said));
  }

  function end(how: "done" | "failed", code: number): void {
    if (state !== "open") return;
    state = how;
    if (how === "failed") waiting.length = 0;
    socket?.close(code);
    wake();
    ended.resolve();
  }

  function fail(error: AppError, code = normalClosure): void {
    body.reject(error);
    end("failed", code);
  }

  function cancel(): void {
    fail(brokenOff());
  }

  function finish(said: StreamEnd): void {
    if (!said.done) {
      const { message, code } = said;
      return fail(
        new AppError("download_failed", { message, agentCode: code }),
      );
    }
    if (said.bytes !== received) return fail(overrun(), policyViolation);
    body.resolve(reader);
    end("done", normalClosure);
  }

  return {
    body: body.promise,
    ended: ended.promise,
    cancel,
    fail,
    lost: () => fail(brokenOff()),
    connected(line) {
      socket = line;
      if (state === "open") grant(streamWindow);
      else line.close(normalClosure);
    },
    take(message) {
      if (state !== "open") return;
      if (typeof message === "string") {
        const said = parseJson(message, streamEnd);
        return said === null ? fail(overrun(), policyViolation) : finish(said);
      }
      if (message.length === 0) return;
      received += message.length;
      if (message.length > maxStreamPiece || received > granted)
        return fail(overrun(), policyViolation);
      hold(message);
      wake();
      body.resolve(reader);
    },
  };
}
