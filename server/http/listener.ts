import type { Server } from "bun";
import type { Hono } from "hono";
import { StartError } from "../app-error.ts";
import type { Listen } from "../config-values.ts";
import { serviceRestart } from "../ports/socket.ts";
import type { Socket, SocketData } from "../ports/socket.ts";
import type { HttpEnv, Listener } from "./http-env.ts";

/** Longer than the slowest answer: an agent may take 90 s to test a repository. */
const idleTimeoutSeconds = 120;
const maxSocketMessage = 2 * 1024 * 1024;

export interface HttpListener {
  readonly port: number;
  /** Takes no new connection, closes every WebSocket, and waits until requests in flight are answered. */
  stop(): Promise<void>;
  /** Cuts what is still open. */
  cut(): Promise<void>;
}

/** Binds the port. @throws StartError when it is taken or not ours to bind. */
export function startListener(
  listen: Listen,
  app: Hono<HttpEnv>,
): HttpListener {
  const sockets = new Set<Socket>();
  const server = bind(listen, app, sockets);
  return {
    port: server.port ?? listen.port,
    async stop() {
      const stopped = server.stop();
      for (const socket of sockets) {
        socket.close(serviceRestart, "The server stops");
      }
      await stopped;
    },
    cut: () => server.stop(true),
  };
}

/** Why an address could not be bound, by the system's code. */
const bindFaults: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program uses it",
  EADDRNOTAVAIL: "this machine has no such address",
  EACCES: "a port below 1024 needs root",
};

function bind(
  listen: Listen,
  app: Hono<HttpEnv>,
  sockets: Set<Socket>,
): Server<SocketData> {
  const options: Bun.Serve.Options<SocketData> = {
    ...listen,
    idleTimeout: idleTimeoutSeconds,
    fetch: (request, bun) =>
      // CONNECT names no address of ours.
      URL.canParse(request.url)
        ? app.fetch(request, listenerOf(request, bun))
        : new Response(null, { status: 400 }),
    websocket: {
      maxPayloadLength: maxSocketMessage,
      perMessageDeflate: false,
      idleTimeout: idleTimeoutSeconds,
      sendPings: true,
      open(socket) {
        sockets.add(socket);
        socket.data.handler.open?.(socket);
      },
      message: (socket, message) =>
        socket.data.handler.message(socket, message),
      drain: (socket) => socket.data.handler.drain?.(socket),
      close(socket, code, reason) {
        sockets.delete(socket);
        socket.data.handler.close?.(socket, code, reason);
      },
    },
  };
  try {
    return Bun.serve(options);
  } catch (error) {
    const { hostname, port } = listen;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new StartError(
      `Cannot listen on ${hostname}:${port} (${code ?? message}): ${bindFaults[code ?? ""] ?? "it is refused"}. Set RM_LISTEN to another address or port.`,
    );
  }
}

function listenerOf(request: Request, bun: Server<SocketData>): Listener {
  return {
    peer: bun.requestIP(request)?.address ?? "",
    upgrade: (upgraded, handler) =>
      bun.upgrade(upgraded, { data: { handler } }),
  };
}
