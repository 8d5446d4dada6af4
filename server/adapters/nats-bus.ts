import { jetstreamManager } from "@nats-io/jetstream";
import {
  errors,
  type Msg,
  type NatsConnection,
  type Subscription,
} from "@nats-io/nats-core";
import { type Clock, every } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import {
  inboxPrefix,
  type Subject,
  serverInboxPrefix,
} from "@restic-manager/shared/protocol/topic.ts";
import type { BrokerAddress } from "../ports/broker.ts";
import {
  type Bus,
  BusError,
  type BusMessage,
  type BusStream,
  type Unsubscribe,
} from "../ports/bus.ts";
import { createSeldom } from "../seldom.ts";
import type { NatsCredentials } from "./nats-claims.ts";
import { ingestStream } from "./nats-ingest.ts";
import { createNatsLink, type NatsLink } from "./nats-link.ts";
import { toBusMessage } from "./nats-message.ts";
import {
  ensureStreams,
  purgeIngested,
  type StreamBytes,
} from "./nats-streams.ts";

export interface NatsBusDeps {
  readonly address: () => BrokerAddress | null;
  readonly credentials: () => NatsCredentials;
  readonly streamBytes: StreamBytes;
  readonly clock: Clock;
  readonly log: Log;
}

/** Something that must be set up anew on every connection. The returned function takes it down. */
type Attachment = (connection: NatsConnection) => () => void;

/** Several servers on one broker share requests by this queue group. */
const queue = "cp";
/** Often enough that one sender at its full rate cannot fill a stream meanwhile, which would keep everybody out. */
const purgeEveryMs = 5_000;
const worryingFill = 0.7;
const noConnection = "There is no connection to the broker.";

export function createNatsBus(deps: NatsBusDeps): Bus {
  const { clock, log } = deps;
  const isToBeSaid = createSeldom(clock);
  const attached = new Map<Attachment, (() => void) | null>();
  const working = new Set<Promise<void>>();
  let link: NatsLink | null = null;
  let current: NatsConnection | null = null;
  let stopPurging = () => {};

  async function connected(connection: NatsConnection): Promise<void> {
    await ensureStreams(await jetstreamManager(connection), deps.streamBytes);
    current = connection;
    for (const attach of attached.keys())
      attached.set(attach, attach(connection));
    log.info("The bus is connected");
  }

  function attach(attachment: Attachment): Unsubscribe {
    const connection = live();
    attached.set(attachment, connection && attachment(connection));
    return () => {
      attached.get(attachment)?.();
      attached.delete(attachment);
    };
  }

  function listen(
    pattern: Subject,
    options: { queue?: string },
    handler: (message: Msg) => void,
  ): Unsubscribe {
    return attach((connection) => {
      const subscription: Subscription = connection.subscribe(pattern, {
        ...options,
        callback: (error, message) => {
          if (error === null) handler(message);
          else log.error("A subscription was refused", { error });
        },
      });
      return () => subscription.unsubscribe();
    });
  }

  /** Remembers running work, so that closing can wait for it. */
  function track(work: Promise<void>): void {
    const forget = () => void working.delete(work);
    working.add(work);
    work.then(forget, forget);
  }

  async function answer(
    request: Msg,
    handler: (message: BusMessage) => Promise<string | null>,
  ): Promise<void> {
    const message = toBusMessage(request);
    if (message === null) return;
    const { hostId, tail } = message;
    if (!request.reply?.startsWith(`${inboxPrefix(hostId)}.`)) {
      const count = isToBeSaid(hostId);
      if (count !== null)
        log.warn("A request asks to be answered elsewhere; it is dropped", {
          host_id: hostId,
          verb: tail,
          count: count + 1,
        });
      return;
    }
    try {
      const text = await handler(message);
      if (text !== null) request.respond(text);
    } catch (error) {
      log.error("A request failed", { host_id: hostId, verb: tail, error });
    }
  }

  async function ingestWhile(
    connection: NatsConnection,
    stream: BusStream,
    onBatch: (messages: readonly BusMessage[]) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await ingestStream(connection, stream, onBatch, signal, deps);
    } catch (error) {
      if (connection.isClosed()) return;
      log.error("A stream cannot be read; connecting again", { error });
      await connection.close();
    }
  }

  async function purge(): Promise<void> {
    const connection = live();
    if (connection === null) return;
    try {
      const fill = await purgeIngested(await jetstreamManager(connection));
      for (const [stream, share] of Object.entries(fill))
        if (share > worryingFill)
          log.warn("A stream fills up faster than it is read", {
            stream,
            count: Math.round(share * 100),
          });
    } catch (error) {
      log.warn("The streams cannot be purged", { error });
    }
  }

  function live(): NatsConnection | null {
    return current === null || current.isClosed() ? null : current;
  }

  return {
    start() {
      link = createNatsLink(
        { ...deps, inboxPrefix: serverInboxPrefix },
        connected,
      );
      stopPurging = every(clock, purgeEveryMs, () => track(purge()));
    },
    async close() {
      stopPurging();
      for (const detach of attached.values()) detach?.();
      attached.clear();
      await Promise.all(working);
      await link?.close();
      link = null;
    },
    connected: () => live() !== null,
    async request(subject, text, timeoutMs) {
      const connection = live();
      if (connection === null) throw new BusError("bus_down", noConnection);
      try {
        const reply = await connection.request(subject, text, {
          timeout: timeoutMs,
        });
        return reply.string();
      } catch (error) {
        throw asBusError(error);
      }
    },
    subscribe: (pattern, handler) =>
      listen(pattern, {}, (message) => {
        const received = toBusMessage(message);
        if (received !== null) handler(received);
      }),
    serve: (pattern, handler) =>
      listen(pattern, { queue }, (request) => track(answer(request, handler))),
    ingest: (stream, onBatch) =>
      attach((connection) => {
        const stop = new AbortController();
        track(ingestWhile(connection, stream, onBatch, stop.signal));
        return () => stop.abort();
      }),
  };
}

function asBusError(error: unknown): BusError {
  if (error instanceof errors.TimeoutError)
    return new BusError("timeout", "The host did not answer in time.");
  if (error instanceof errors.RequestError && error.isNoResponders())
    return new BusError("no_listener", "The host is not connected.");
  // It went out: whether the host has it, nobody knows.
  return new BusError("timeout", "The connection ended before the answer.");
}
