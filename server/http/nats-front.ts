import { connect, type Socket as TcpSocket } from "node:net";
import type { Log } from "@restic-manager/shared/log.ts";
import { AppError } from "../app-error.ts";
import type { BrokerAddress } from "../ports/broker.ts";
import type { RequestInfo, SocketRoute } from "../ports/route.ts";
import type { SocketHandler } from "../ports/socket.ts";

export interface NatsFrontDeps {
  readonly address: () => BrokerAddress | null;
  /** Largest number of connections from one address. */
  readonly maxPerIp: number;
  readonly log: Log;
}

/**
 * Where agents and the `nats` command enter: their WebSocket is a pipe to the broker's loopback listener. It moves bytes
 * and knows nothing of NATS; who may connect is the broker's decision. Both directions push back: a side that does not
 * read stops the other from being read.
 */
export interface NatsFront {
  /** Agents use `/nats`; the `nats` command drops the path of its URL. */
  readonly routes: readonly SocketRoute[];
}

/** Nothing needs to be sent before the broker has spoken first. */
const earlyBytes = 64 * 1024;
const unsupportedData = 1003;
const goingAway = 1001;
const policyViolation = 1008;

export function createNatsFront(deps: NatsFrontDeps): NatsFront {
  const perIp = new Map<string, number>();

  function accept({
    ip,
    headers,
  }: Pick<RequestInfo, "ip" | "headers">): SocketHandler {
    // Browsers always send it, agents never: no page may reach the broker with the rights of its visitor's network.
    if (headers.has("origin")) throw new AppError("origin_refused");
    const address = deps.address();
    if (address === null)
      throw new AppError("starting", {
        message: "The broker is starting; try again in a moment.",
      });
    if ((perIp.get(ip) ?? 0) >= deps.maxPerIp)
      throw new AppError("rate_limited", {
        message: `There are ${deps.maxPerIp} connections from this address already; close some, or list the proxy they come through in RM_TRUSTED_PROXY.`,
      });
    return pipe(address, ip);
  }

  function pipe(address: BrokerAddress, ip: string): SocketHandler {
    let tcp: TcpSocket | undefined;
    let early = 0;

    return {
      open(socket) {
        perIp.set(ip, (perIp.get(ip) ?? 0) + 1);
        tcp = connect({ ...address, noDelay: true })
          .on("data", function (this: TcpSocket, bytes: Buffer) {
            // -1: accepted, but the client is not reading.
            if (socket.sendBinary(bytes) < 0) this.pause();
          })
          .on("drain", () => socket.resume())
          .on("error", (error) =>
            deps.log.warn("The broker cannot be reached", { ip, error }),
          )
          .on("close", () => socket.close(goingAway));
      },
      message(socket, message) {
        if (tcp === undefined || typeof message === "string")
          return socket.close(unsupportedData);
        if (tcp.connecting) {
          early += message.length;
          if (early > earlyBytes) return socket.close(policyViolation);
        }
        if (!tcp.write(message)) socket.pause();
      },
      drain() {
        tcp?.resume();
      },
      close() {
        const left = (perIp.get(ip) ?? 1) - 1;
        if (left > 0) perIp.set(ip, left);
        else perIp.delete(ip);
        tcp?.destroy();
      },
    };
  }

  return {
    routes: ["/nats", "/"].map((path) => ({
      path,
      access: "public",
      summary: "NATS over WebSocket, for agents and the nats command",
      connect: (input) => accept(input.request),
    })),
  };
}
