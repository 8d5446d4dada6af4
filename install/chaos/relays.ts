import { createConnection, createServer, type Socket } from "node:net";
import { freePort, type Lab } from "../e2e/rig/lab.ts";
import type { Network } from "./network.ts";

interface Relay {
  readonly ends: readonly [string, string];
  readonly sockets: Set<Socket>;
}

/** Where no network can be made: everything on loopback, every wire a relay that can hold back or break connections. */
export function createRelays(lab: Lab): Network {
  const ports = new Map<string, number>();
  const relays: Relay[] = [];
  const cut = new Set<string>();
  const isCut = ({ ends }: Relay) => ends.some((end) => cut.has(end));

  function apply(): void {
    for (const relay of relays)
      for (const socket of relay.sockets)
        if (isCut(relay)) socket.pause();
        else socket.resume();
  }

  async function relayTo(from: string, to: string): Promise<number> {
    const relay: Relay = { ends: [from, to], sockets: new Set() };
    relays.push(relay);
    const listener = createServer((near) => {
      const far = createConnection(ports.get(to) ?? 0, "127.0.0.1");
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        relay.sockets.add(one);
        one.on("data", (chunk: Buffer) => {
          if (!other.destroyed) other.write(chunk);
        });
        one.on("error", () => one.destroy());
        one.on("close", () => {
          relay.sockets.delete(one);
          other.destroy();
        });
      }
      if (isCut(relay)) for (const socket of [near, far]) socket.pause();
    });
    await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done));
    lab.defer(() => {
      listener.close();
      for (const socket of relay.sockets) socket.destroy();
    });
    const address = listener.address();
    if (address === null || typeof address === "string")
      throw new Error("a relay has no port");
    return address.port;
  }

  return {
    kind: "loopback through relays: no root, so no hosts of their own",
    async listen(host) {
      const port = ports.get(host) ?? (await freePort());
      ports.set(host, port);
      return { ip: "127.0.0.1", port };
    },
    async reach(from, to) {
      return `127.0.0.1:${await relayTo(from, to)}`;
    },
    command: (_host, line) => line,
    cut(host) {
      cut.add(host);
      apply();
    },
    heal(host) {
      cut.delete(host);
      apply();
    },
    reset(host) {
      for (const { ends, sockets } of relays)
        if (ends.includes(host))
          for (const socket of sockets) socket.resetAndDestroy();
    },
  };
}
