import type { ServerWebSocket } from "bun";
import {
  openSigned,
  parseJson,
  signedText,
} from "@restic-manager/shared/identity/signed.ts";
import {
  streamEnd,
  streamOpen,
  type StreamEnd,
  type StreamOpen,
} from "@restic-manager/shared/protocol/stream.ts";
import { verifySignature } from "../identity/keys.ts";
import { until } from "./until.ts";

/** The server's side of one download. */
export interface StreamDoor {
  readonly url: string;
  /** Who opened it, when an approved key signed that. */
  opened(publicKey: Uint8Array): StreamOpen | null;
  grant(bytes: number): void;
  /** Bytes that came so far. */
  received(): number;
  /** The largest message. */
  largest(): number;
  /** Grants what it takes and gives everything. */
  all(): Promise<{ bytes: Buffer; end: StreamEnd }>;
  /** As when whoever downloads has gone. */
  close(): void;
  stop(): Promise<void>;
}

export function startStreamDoor(): StreamDoor {
  const pieces: Buffer[] = [];
  let first: string | null = null;
  let end: StreamEnd | null = null;
  let socket: ServerWebSocket | null = null;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, self) =>
      new URL(request.url).pathname === "/api/agents/stream" &&
      self.upgrade(request, { data: undefined })
        ? undefined
        : new Response("", { status: 404 }),
    websocket: {
      open: (opened: ServerWebSocket) => void (socket = opened),
      message(from, data) {
        if (typeof data !== "string") pieces.push(data);
        else if (first === null) first = data;
        else {
          end = parseJson(data, streamEnd);
          from.close();
        }
      },
      close: () => void (socket = null),
    },
  });
  const grant = (bytes: number) =>
    void socket?.send(JSON.stringify({ grant: bytes }));
  const received = () => pieces.reduce((sum, { length }) => sum + length, 0);

  return {
    url: `http://127.0.0.1:${server.port}`,
    opened(publicKey) {
      const signed = parseJson(first ?? "", signedText);
      return signed === null
        ? null
        : openSigned(
            "rm-stream-v1",
            signed,
            publicKey,
            verifySignature,
            streamOpen,
          );
    },
    grant,
    received,
    largest: () => Math.max(...pieces.map(({ length }) => length)),
    async all() {
      grant(2 ** 40);
      await until("the end of the stream", () => end !== null);
      return { bytes: Buffer.concat(pieces), end: end as StreamEnd };
    },
    close: () => socket?.close(),
    stop: () => server.stop(true),
  };
}
