import { createConnection, createServer, type Socket } from "node:net";
import type { Lab } from "./lab.ts";

/** An address of a server that a test can take away. */
export interface Door {
  readonly url: string;
  /** Ends what goes through and lets nothing in any more. */
  shut(): void;
}

export async function openDoor(
  lab: Lab,
  target: number,
  port = 0,
): Promise<Door> {
  const sockets = new Set<Socket>();
  const listener = createServer((from) => {
    const to = createConnection(target, "127.0.0.1");
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        (socket === from ? to : from).destroy();
      });
    }
    from.pipe(to).pipe(from);
  });
  await new Promise<void>((resolve) =>
    listener.listen(port, "127.0.0.1", resolve),
  );
  const address = listener.address();
  if (address === null || typeof address === "string")
    throw new Error("the door has no port");
  const shut = () => {
    listener.close();
    for (const socket of sockets) socket.destroy();
  };
  lab.defer(shut);
  return { url: `http://127.0.0.1:${address.port}`, shut };
}
