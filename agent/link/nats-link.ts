import {
  errors,
  headers,
  wsconnect,
  type Authenticator,
  type Msg,
  type NatsConnection,
  type WsConnectionOptions,
} from "@nats-io/nats-core";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import type { Sign } from "@restic-manager/shared/identity/keys.ts";
import { encodeNkey } from "@restic-manager/shared/identity/nkey.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { inboxPrefix } from "@restic-manager/shared/protocol/topic.ts";
import { serverUrl } from "../identity/server-door.ts";
import { LinkError, type Connection, type Link } from "./link.ts";

export interface NatsLinkDeps {
  /** Address of the server; NATS is spoken inside a WebSocket at `nats` below it. */
  readonly server: string;
  readonly ca: string | null;
  readonly hostId: string;
  readonly publicKey: Uint8Array;
  readonly sign: Sign;
  /** The NATS user JWT as it is now; it is renewed now and then. */
  readonly jwt: () => string;
  readonly log: Log;
}

const connectMs = 15_000;
const deliverMs = 10_000;
const pingMs = 20_000;

/** The only file of the agent that knows NATS. */
export function createNatsLink(deps: NatsLinkDeps): Link {
  const { server, ca, hostId, sign } = deps;
  const nkey = encodeNkey("user", deps.publicKey);

  // The library's own would sign in plain JavaScript, and want the private key.
  const authenticator: Authenticator = (nonce) => ({
    jwt: deps.jwt(),
    nkey,
    sig: toBase64Url(sign(new TextEncoder().encode(nonce ?? ""))),
  });

  const options: WsConnectionOptions = {
    servers: webSocketUrl(server),
    authenticator,
    name: hostId,
    inboxPrefix: inboxPrefix(hostId),
    timeout: connectMs,
    pingInterval: pingMs,
    maxPingOut: 2,
    // Connecting again is the keeper's part: it also renews what the broker no longer accepts.
    reconnect: false,
    ignoreClusterUpdates: true,
    ...(ca === null
      ? {}
      : {
          wsFactory: async (url: string) => ({
            socket: new WebSocket(url, { tls: { ca } }),
            encrypted: true,
          }),
        }),
  };

  return {
    async connect() {
      const nats = await wsconnect(options).catch((error: unknown) => {
        throw connectError(error, server);
      });
      void reportStatus(nats, deps.log);
      return connectionOf(nats);
    },
  };
}

function webSocketUrl(server: string): string {
  const url = serverUrl(server, "nats");
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

function connectionOf(nats: NatsConnection): Connection {
  return {
    publish(subject, body) {
      lossy(() => nats.publish(subject, body));
    },
    async request(subject, body, timeoutMs) {
      const reply = await ask(nats, subject, body, { timeout: timeoutMs });
      return reply.string();
    },
    async deliver(subject, body, messageId) {
      const id = headers();
      id.set("Nats-Msg-Id", messageId);
      const reply = await ask(nats, subject, body, {
        timeout: deliverMs,
        headers: id,
      });
      const { error } = reply.json<{ error?: { description?: string } }>();
      if (error !== undefined)
        throw new LinkError(
          "refused",
          `The server cannot keep it: ${error.description ?? "no reason given"}.`,
        );
    },
    serve(pattern, answer) {
      nats.subscribe(pattern, {
        callback: (error, message) => {
          if (error === null) void respond(message, answer);
        },
      });
    },
    closed: nats.closed().then(() => undefined),
    close: () => nats.drain().catch(() => nats.close()),
  };
}

async function respond(
  message: Msg,
  answer: (subject: string, body: string) => Promise<string>,
): Promise<void> {
  const text = await answer(message.subject, message.string());
  lossy(() => message.respond(text));
}

/** The library throws when the connection closes or drains; then the message is lost, as it may be. */
function lossy(send: () => void): void {
  try {
    send();
  } catch (error) {
    const isGone =
      error instanceof errors.ClosedConnectionError ||
      error instanceof errors.DrainingConnectionError;
    if (!isGone) throw error;
  }
}

async function ask(
  nats: NatsConnection,
  subject: string,
  body: string,
  options: Parameters<NatsConnection["request"]>[2],
): Promise<Msg> {
  try {
    return await nats.request(subject, body, options);
  } catch (error) {
    throw requestError(subject, error);
  }
}

function requestError(subject: string, error: unknown): LinkError {
  if (error instanceof errors.TimeoutError)
    return new LinkError("timeout", `No answer on ${subject} in time.`);
  if (
    error instanceof errors.NoRespondersError ||
    (error instanceof errors.RequestError && error.isNoResponders())
  )
    return new LinkError("no_listener", `Nobody answers ${subject}.`);
  return new LinkError(
    "closed",
    error instanceof Error ? error.message : String(error),
  );
}

function connectError(error: unknown, server: string): LinkError {
  const words = error instanceof Error ? error.message : String(error);
  return error instanceof errors.AuthorizationError ||
    error instanceof errors.UserAuthenticationExpiredError
    ? new LinkError("unauthorized", words)
    : new LinkError(
        "unreachable",
        // The library says "connection refused" whatever it was. The keeper has just had an answer over HTTP.
        `No WebSocket at ${webSocketUrl(server)} (${words}): the server is still starting, or a proxy in between passes no WebSockets.`,
      );
}

/** A refused publish fails no call: it shows only here, and it is always a fault of ours. */
async function reportStatus(nats: NatsConnection, log: Log): Promise<void> {
  for await (const status of nats.status())
    if (status.type === "error")
      log.error("The broker refused something", { error: status.error });
}
