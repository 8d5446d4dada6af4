import { createConnection, createServer, type Socket } from "node:net";
import type { Lab } from "./lab.ts";

/** A proxy on a browser's way that knows nothing of WebSockets, and whose connections a test cuts. */
export interface NoWebSocket {
  readonly url: string;
  /** WebSockets it has turned away. */
  refused(): number;
  /** Connections it has let through. */
  passed(): number;
  /** Ends every connection at once; new ones are let through. */
  cut(): void;
}

export async function startNoWebSocket(
  lab: Lab,
  target: number,
): Promise<NoWebSocket> {
  const sockets = new Set<Socket>();
  let refused = 0;
  let passed = 0;

  const listener = createServer((from) => {
    sockets.add(from);
    from.on("error", () => from.destroy());
    from.on("close", () => sockets.delete(from));
    // A browser opens a connection of its own for each WebSocket, so its first bytes tell.
    from.once("data", (head: Buffer) => {
      if (/^upgrade: *websocket/im.test(head.toString("latin1"))) {
        refused += 1;
        from.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        return;
      }
      passed += 1;
      const to = createConnection(target, "127.0.0.1");
      to.on("error", () => from.destroy());
      to.on("close", () => from.destroy());
      from.on("close", () => to.destroy());
      to.write(head);
      from.pipe(to);
      to.pipe(from);
    });
  });
  await new Promise<void>((resolve) =>
    listener.listen(0, "127.0.0.1", resolve),
  );
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  lab.defer(() => {
    listener.close();
    cut();
  });

  const address = listener.address();
  if (address === null || typeof address === "string")
    throw new Error("the proxy has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    refused: () => refused,
    passed: () => passed,
    cut,
  };
}
