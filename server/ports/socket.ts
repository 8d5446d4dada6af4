import type { ServerWebSocket } from "bun";

/**
 * What one accepted WebSocket does; made per connection, so it may keep its state in a closure. Binary messages
 * arrive as Buffer, text as string.
 */
export interface SocketHandler {
  open?(socket: Socket): void;
  message(socket: Socket, message: string | Buffer): void;
  /** What was queued has been sent: write on. */
  drain?(socket: Socket): void;
  close?(socket: Socket, code: number, reason: string): void;
}

export interface SocketData {
  readonly handler: SocketHandler;
}

export type Socket = ServerWebSocket<SocketData>;

/** Close code for "the server restarts; come back". */
export const serviceRestart = 1012;
