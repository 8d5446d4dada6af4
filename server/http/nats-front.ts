import { connect, type Socket as TcpSocket } from "node:net";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { createAllowance, type Allowance, type Rate } from "../allowance.ts";
import { AppError } from "../app-error.ts";
import { clientOf } from "../client-of.ts";
import type { BrokerAddress } from "../ports/broker.ts";
import type { RequestInfo, SocketRoute } from "../ports/route.ts";
import { createSeldom } from "../seldom.ts";
import type { Socket, SocketHandler } from "../ports/socket.ts";

export interface NatsFrontDeps {
  readonly address: () => BrokerAddress | null;
  /** Largest number of connections from one address. */
  readonly maxPerIp: number;
  /** What one connection, and all from one address, may send; in bytes. */
  readonly connectionRate: Rate;
  readonly addressRate: Rate;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Where agents and the `nats` command enter: their WebSocket is a pipe to the broker's loopback listener. It moves bytes
 * and knows nothing of NATS; who may connect is the broker's decision. Both directions push back: a side that does not
 * read stops the other from being read. So does a client that sends without measure: it is read as slowly as it may send.
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

const MB = 1_000_000;
/** In bytes. A job that logs 10,000 lines a second needs a fraction of it. */
export const connectionRate: Rate = { burst: 16 * MB, perSecond: 4 * MB };
/** Of everybody behind one address, so that many connections are no way around. */
export const addressRate: Rate = { burst: 64 * MB, perSecond: 32 * MB };
/**
 * What a line costs on top of its bytes: a message of NATS is two or more, and small ones cost the broker and the server
 * as much as large ones. With the rate of a connection it is about 1,000 messages a second.
 */
const lineBytes = 2000;
const lineEnd = 10;

interface Address {
  connections: number;
  readonly allowance: Allowance;
}

export function createNatsFront(deps: NatsFrontDeps): NatsFront {
  const { clock, log } = deps;
  const isToBeSaid = createSeldom(clock);
  const clients = new Map<string, Address>();

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
    if ((clients.get(clientOf(ip))?.connections ?? 0) >= deps.maxPerIp)
      throw new AppError("rate_limited", {
        message: `There are ${deps.maxPerIp} connections from this address already; close some, or list the proxy they come through in RM_TRUSTED_PROXY.`,
      });
    return pipe(address, ip);
  }

  function pipe(broker: BrokerAddress, ip: string): SocketHandler {
    let tcp: TcpSocket | undefined;
    let early = 0;
    const own = createAllowance(clock, deps.connectionRate);
    const client = clientOf(ip);
    let address: Address | undefined;
    let cancelWait: Cancel | null = null;
    let isFull = false;
    let isTold = false;

    /** Reads nothing more from a client that has spent what it may, until it may again. */
    function charge(socket: Socket, cost: number): void {
      const wait = Math.max(
        own.spend(cost),
        address?.allowance.spend(cost) ?? 0,
      );
      const wasWaiting = cancelWait !== null;
      cancelWait?.();
      cancelWait = wait > 0 ? clock.after(wait, () => charge(socket, 0)) : null;
      if (wait > 0) slow(socket);
      else if (wasWaiting && !isFull) socket.resume();
    }

    function slow(socket: Socket): void {
      socket.pause();
      const count = isTold ? null : isToBeSaid(client);
      if (count !== null)
        log.warn("A client of the broker sends too much and is slowed", {
          ip,
          count: count + 1,
        });
      isTold = true;
    }

    return {
      open(socket) {
        // Not before: of two that are let in at the same moment each would count for itself.
        address = clients.get(client) ?? {
          connections: 0,
          allowance: createAllowance(clock, deps.addressRate),
        };
        clients.set(client, address);
        address.connections += 1;
        tcp = connect({ ...broker, noDelay: true })
          .on("data", function (this: TcpSocket, bytes: Buffer) {
            // -1: accepted, but the client is not reading.
            if (socket.sendBinary(bytes) < 0) this.pause();
          })
          .on("drain", () => {
            isFull = false;
            if (cancelWait === null) socket.resume();
          })
          .on("error", (error) =>
            log.warn("The broker cannot be reached", { ip, error }),
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
        if (!tcp.write(message)) {
          isFull = true;
          socket.pause();
        }
        if (isTold && own.isFull()) isTold = false;
        charge(socket, message.length + countLines(message) * lineBytes);
      },
      drain() {
        tcp?.resume();
      },
      close() {
        cancelWait?.();
        tcp?.destroy();
        if (address === undefined) return;
        address.connections -= 1;
        if (address.connections === 0) clients.delete(client);
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

function countLines(bytes: Buffer): number {
  let count = 0;
  for (
    let at = bytes.indexOf(lineEnd);
    at >= 0;
    at = bytes.indexOf(lineEnd, at + 1)
  )
    count += 1;
  return count;
}
