import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { type Clock, delay } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { BrokerAddress } from "../ports/broker.ts";
import type { NatsCredentials } from "./nats-claims.ts";

export interface NatsLinkDeps {
  readonly address: () => BrokerAddress | null;
  readonly credentials: () => NatsCredentials;
  readonly inboxPrefix: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** One connection to the broker that comes back for ever. */
export interface NatsLink {
  /** Ends the connection after what was published has gone out. */
  close(): Promise<void>;
}

const firstDelayMs = 50;
const longestDelayMs = 2_000;

/**
 * Dials, calls `onConnect` with every new connection, waits for its end, and again. The client library's own reconnect is
 * off: it keeps dialling the port of a dead broker, and gives up for good after two equal login errors.
 */
export function createNatsLink(
  deps: NatsLinkDeps,
  onConnect: (connection: NatsConnection) => Promise<void>,
): NatsLink {
  const { clock, log } = deps;
  const stopped = new AbortController();
  let current: NatsConnection | null = null;
  const running = run();

  async function run(): Promise<void> {
    let wait = firstDelayMs;
    while (!stopped.signal.aborted) {
      const connection = await dial();
      if (connection !== null && (await use(connection))) wait = firstDelayMs;
      await delay(clock, wait, stopped.signal);
      // While the broker is down its own start is awaited, not a guess about it.
      if (deps.address() !== null) wait = Math.min(wait * 2, longestDelayMs);
    }
  }

  async function dial(): Promise<NatsConnection | null> {
    const address = deps.address();
    if (address === null) return null;
    const { jwt, sign } = deps.credentials();
    try {
      return await connect({
        servers: `${address.host}:${address.port}`,
        name: "restic-manager-server",
        // Signs by node:crypto: the library's own signer takes a hundred times as long.
        authenticator: (nonce) => ({
          jwt,
          sig: Buffer.from(sign(Buffer.from(nonce ?? ""))).toString(
            "base64url",
          ),
        }),
        inboxPrefix: deps.inboxPrefix,
        reconnect: false,
        ignoreClusterUpdates: true,
        pingInterval: 20_000,
        maxPingOut: 2,
        timeout: 5_000,
      });
    } catch (error) {
      log.debug("The broker cannot be reached", { error });
      return null;
    }
  }

  /** Resolves at the connection's end, true when it was fit for use. */
  async function use(connection: NatsConnection): Promise<boolean> {
    current = connection;
    try {
      if (stopped.signal.aborted) await connection.close();
      else await onConnect(connection);
      const reason = await connection.closed();
      if (!stopped.signal.aborted)
        log.warn("The connection to the broker was lost", { error: reason });
      return true;
    } catch (error) {
      log.error("The connection to the broker cannot be used", { error });
      await connection.close();
      return false;
    } finally {
      current = null;
    }
  }

  return {
    async close() {
      stopped.abort();
      // A flush on a connection that breaks meanwhile never settles.
      if (current !== null)
        await Promise.race([current.flush(), current.closed()]).catch(() => {});
      await current?.close();
      await running;
    },
  };
}
