import { createConnection, createServer, type Socket } from "node:net";
import type { Lab } from "./lab.ts";

/** A TCP relay in front of a repository's server, with which a test decides how fast a backup gets on. */
export interface Gate {
  readonly port: number;
  /** Bytes that went towards the server. */
  passed(): number;
  /** Bytes per second towards the server, over all connections. Infinity opens the gate. */
  pace(bytesPerSecond: number): void;
}

const tickMs = 20;

export async function openGate(
  lab: Lab,
  target: number,
  bytesPerSecond = Infinity,
): Promise<Gate> {
  let rate = bytesPerSecond;
  let budget = 0;
  let passed = 0;
  const sockets = new Set<Socket>();
  const waiting: { chunk: Buffer; to: Socket; from: Socket }[] = [];

  const listener = createServer((from) => {
    const to = createConnection(target, "127.0.0.1");
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => sockets.delete(socket));
    }
    from.on("data", (chunk: Buffer) => {
      from.pause();
      waiting.push({ chunk, to, from });
      flush();
    });
    from.on("close", () => to.destroy());
    to.pipe(from);
  });

  function flush(): void {
    for (
      let next = waiting[0];
      next !== undefined && (rate === Infinity || budget > 0);
      next = waiting[0]
    ) {
      waiting.shift();
      budget -= next.chunk.length;
      passed += next.chunk.length;
      if (!next.to.destroyed) next.to.write(next.chunk);
      next.from.resume();
    }
  }

  const timer = setInterval(() => {
    budget =
      rate === Infinity ? 0 : Math.min(budget + (rate * tickMs) / 1000, rate);
    flush();
  }, tickMs);
  await new Promise<void>((resolve) =>
    listener.listen(0, "127.0.0.1", resolve),
  );
  lab.defer(() => {
    clearInterval(timer);
    listener.close();
    for (const socket of sockets) socket.destroy();
  });

  const address = listener.address();
  if (address === null || typeof address === "string")
    throw new Error("the gate has no port");
  return {
    port: address.port,
    passed: () => passed,
    pace(bytesPerSecond) {
      rate = bytesPerSecond;
      flush();
    },
  };
}
