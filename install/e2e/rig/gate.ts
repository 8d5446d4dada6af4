import { createConnection, createServer, type Socket } from "node:net";
import { Transform } from "node:stream";
import type { Lab } from "./lab.ts";

/**
 * A TCP relay in front of a repository's server, with which a test decides how fast a backup or a restore gets on. Paces
 * are bytes per second over all connections; Infinity opens the gate.
 */
export interface Gate {
  readonly port: number;
  /** Bytes that went towards the server. */
  passed(): number;
  pace(bytesPerSecond: number): void;
  /** The same of what comes from the server. */
  readonly back: Pick<Gate, "passed" | "pace">;
}

const tickMs = 20;

export async function openGate(
  lab: Lab,
  target: number,
  bytesPerSecond = Infinity,
): Promise<Gate> {
  const forth = createLane(bytesPerSecond);
  const back = createLane(Infinity);
  const sockets = new Set<Socket>();

  const listener = createServer((from) => {
    const to = createConnection(target, "127.0.0.1");
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => sockets.delete(socket));
    }
    from.on("close", () => to.destroy());
    from.pipe(forth.stream()).pipe(to);
    to.pipe(back.stream()).pipe(from);
  });

  const timer = setInterval(() => {
    forth.tick();
    back.tick();
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
  const { passed, pace } = forth;
  return { port: address.port, passed, pace, back };
}

/** One direction of all connections. */
function createLane(bytesPerSecond: number) {
  let rate = bytesPerSecond;
  let budget = 0;
  let passed = 0;
  const waiting: { readonly bytes: number; readonly go: () => void }[] = [];

  function flush(): void {
    while (rate === Infinity || budget > 0) {
      const next = waiting.shift();
      if (next === undefined) return;
      budget -= next.bytes;
      passed += next.bytes;
      next.go();
    }
  }

  return {
    passed: () => passed,
    pace(bytesPerSecond: number) {
      rate = bytesPerSecond;
      flush();
    },
    tick() {
      budget =
        rate === Infinity ? 0 : Math.min(budget + (rate * tickMs) / 1000, rate);
      flush();
    },
    stream: () =>
      new Transform({
        transform(chunk: Buffer, _encoding, done) {
          waiting.push({ bytes: chunk.length, go: () => done(null, chunk) });
          flush();
        },
      }),
  };
}
