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
import { encodeNkey } from "@restic-manager/shared/identity/nkey.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { inboxPrefix } from "@restic-manager/shared/protocol/topic.ts";
import type { SigningKey } from "../identity/keys.ts";
import { serverUrl } from "../identity/server-door.ts";
import { webSocketWords } from "../identity/server-fault.ts";
import type { Trust } from "../platform/trust.ts";
import { LinkError, type Connection, type Link } from "./link.ts";

export interface NatsLinkDeps {
  /** The address to use now; NATS is spoken inside a WebSocket at `nats` below it. */
  readonly server: () => string;
  /** Null trusts whom this host's system trusts. */
  readonly trust: Trust | null;
  readonly hostId: string;
  /** The key this host lives by now. */
  readonly key: () => SigningKey;
  /** The NATS user JWT as it is now; it is renewed now and then. */
  readonly jwt: () => string;
  readonly log: Log;
}

const connectMs = 15_000;
const giveUpMs = 20_000;
const firstWordMs = 1_000;
const closeMs = 3_000;
const deliverMs = 10_000;
const pingMs = 20_000;

/** The only file of the agent that knows NATS. */
export function createNatsLink(deps: NatsLinkDeps): Link {
  const { server, trust, hostId } = deps;

  // The library's own would sign in plain JavaScript, and want the private key.
  const authenticator: Authenticator = (nonce) => {
    const { publicKey, sign } = deps.key();
    return {
      jwt: deps.jwt(),
      nkey: encodeNkey("user", publicKey),
      sig: toBase64Url(sign(new TextEncoder().encode(nonce ?? ""))),
    };
  };

  return {
    async connect() {
      const url = webSocketUrl(server());
      let said = "";
      // A socket that opens and ends before the broker has spoken leaves the library waiting for ever.
      const gone = Promise.withResolvers<never>();
      const giveUp = () => gone.reject(new Error("closed connection"));
      const timer = setTimeout(giveUp, giveUpMs);
      const options: WsConnectionOptions = {
        servers: url.href,
        authenticator,
        name: hostId,
        inboxPrefix: inboxPrefix(hostId),
        timeout: connectMs,
        pingInterval: pingMs,
        maxPingOut: 2,
        // Connecting again is the keeper's part: it also renews what the broker no longer accepts.
        reconnect: false,
        ignoreClusterUpdates: true,
        async wsFactory() {
          const socket = new WebSocket(
            url,
            trust === null ? {} : { tls: trust },
          );
          // The library leaves out why a socket did not open.
          socket.addEventListener("error", (event) => {
            said = event.message;
          });
          // The library may know better why: it has the first word.
          socket.addEventListener("close", () =>
            setTimeout(giveUp, firstWordMs).unref(),
          );
          return { socket, encrypted: url.protocol === "wss:" };
        },
      };
      const connecting = wsconnect(options);
      const nats = await Promise.race([connecting, gone.promise])
        .catch((error: unknown) => {
          connecting.then(
            (late) => late.close(),
            () => {},
          );
          throw connectError(error, url, said);
        })
        .finally(() => clearTimeout(timer));
      void reportStatus(nats, deps.log);
      return connectionOf(nats);
    },
  };
}

function webSocketUrl(server: string): URL {
  const url = serverUrl(server, "nats");
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
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
    close: () =>
      Promise.race([nats.drain().catch(() => nats.close()), closeLimit()]),
  };
}

/** Draining asks the other end, which may not answer any more. */
function closeLimit(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, closeMs).unref());
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

function connectError(error: unknown, url: URL, said: string): LinkError {
  const words = error instanceof Error ? error.message : String(error);
  return error instanceof errors.AuthorizationError ||
    error instanceof errors.UserAuthenticationExpiredError
    ? new LinkError("unauthorized", words)
    : new LinkError(
        "unreachable",
        webSocketWords(url, said === "" ? words : said),
      );
}

/** A refused publish fails no call: it shows only here, and it is always a fault of ours. */
async function reportStatus(nats: NatsConnection, log: Log): Promise<void> {
  for await (const status of nats.status())
    if (status.type === "error")
      log.error("The broker refused something", { error: status.error });
}
