import { type Clock, delay } from "@restic-manager/shared/clock.ts";
import {
  parseSubject,
  pattern,
  type Subject,
} from "@restic-manager/shared/protocol/topic.ts";
import {
  type Bus,
  BusError,
  type BusMessage,
  type BusStream,
  type Unsubscribe,
} from "../ports/bus.ts";

/** The bus without a broker, for tests of features: delivers at once, keeps streams in arrays. */
export interface MemoryBus extends Bus {
  /** The other end: the agent of a host. */
  agent(hostId: string): BusAgent;
}

/** What an agent can do on the bus. On subjects of another host it is not heard, as the broker sees to it. */
export interface BusAgent {
  /** On a durable lane it resolves when the message is stored. */
  publish(subject: Subject, text: string): Promise<void>;
  /** Asks the server; null when no answer came. */
  request(subject: Subject, text: string): Promise<string | null>;
  /** Answers commands; null gives none. The returned function takes the host offline. */
  answer(handler: CommandHandler): Unsubscribe;
}

type CommandHandler = (
  verb: string,
  text: string,
) => string | null | Promise<string | null>;

type Handler = (message: BusMessage) => void;
type Answerer = (message: BusMessage) => Promise<string | null>;
type BatchHandler = (messages: readonly BusMessage[]) => Promise<void>;

interface Stream {
  push(message: BusMessage): void;
  read(handler: BatchHandler): Unsubscribe;
  pump(): void;
}

const retryMs = 100;

export function createMemoryBus(deps: { readonly clock: Clock }): MemoryBus {
  const subscribed = new Map<Handler, Subject>();
  const serving = new Map<Answerer, Subject>();
  const online = new Map<string, CommandHandler>();
  const streams: Record<BusStream, Stream> = {
    events: createStream(),
    logs: createStream(),
  };
  const working = new Set<Promise<unknown>>();
  const closed = new AbortController();
  let connected = false;

  function createStream(): Stream {
    const waiting: BusMessage[] = [];
    let handler: BatchHandler | null = null;
    let busy = false;

    async function pump(): Promise<void> {
      if (busy || !connected || handler === null || waiting.length === 0)
        return;
      busy = true;
      const batch = waiting.splice(0);
      try {
        await handler(batch);
      } catch {
        waiting.unshift(...batch);
        await delay(deps.clock, retryMs, closed.signal);
      }
      busy = false;
      track(pump());
    }

    return {
      push(message) {
        waiting.push(message);
        track(pump());
      },
      read(next) {
        handler = next;
        track(pump());
        return () => (handler = null);
      },
      pump: () => track(pump()),
    };
  }

  function track(work: Promise<unknown>): void {
    const forget = () => void working.delete(work);
    working.add(work);
    work.then(forget, forget);
  }

  /** The message as the server gets it, or null when the broker would refuse it. */
  function receive(
    hostId: string,
    subject: Subject,
    text: string,
  ): BusMessage | null {
    const parsed = parseSubject(subject);
    return parsed?.hostId === hostId
      ? { hostId, tail: parsed.tail, text }
      : null;
  }

  async function askServer(message: BusMessage, subject: Subject) {
    for (const [answer, served] of serving)
      if (matches(served, subject)) return answer(message);
    return null;
  }

  return {
    start() {
      connected = true;
      for (const stream of Object.values(streams)) stream.pump();
    },
    async close() {
      connected = false;
      closed.abort();
      while (working.size > 0) await Promise.allSettled(working);
    },
    connected: () => connected,
    async request(subject, text, timeoutMs) {
      if (!connected) throw new BusError("bus_down", "The bus is closed.");
      const { hostId, tail } = parseSubject(subject) ?? {
        hostId: "",
        tail: "",
      };
      const handler = online.get(hostId);
      if (handler === undefined)
        throw new BusError("no_listener", "The host is not connected.");
      const reply = await handler(tail, text);
      if (reply !== null) return reply;
      await delay(deps.clock, timeoutMs, closed.signal);
      throw new BusError("timeout", "The host did not answer in time.");
    },
    subscribe(subject, handler) {
      const entry: Handler = (message) => handler(message);
      subscribed.set(entry, subject);
      return () => void subscribed.delete(entry);
    },
    serve(subject, handler) {
      const entry: Answerer = (message) => handler(message);
      serving.set(entry, subject);
      return () => void serving.delete(entry);
    },
    ingest: (stream, onBatch) => streams[stream].read(onBatch),
    agent: (hostId) => ({
      async publish(subject, text) {
        const message = receive(hostId, subject, text);
        if (message === null) return;
        if (matches(pattern.events, subject)) streams.events.push(message);
        if (matches(pattern.logs, subject)) streams.logs.push(message);
        if (!connected) return;
        for (const [handler, heard] of subscribed)
          if (matches(heard, subject)) handler(message);
      },
      async request(subject, text) {
        const message = receive(hostId, subject, text);
        if (message === null || !connected) return null;
        const answer = askServer(message, subject);
        track(answer);
        return answer.catch(() => null);
      },
      answer(handler) {
        online.set(hostId, handler);
        return () => void online.delete(hostId);
      },
    }),
  };
}

/** NATS' rule: `*` is one token, a final `>` is one or more. */
function matches(wanted: Subject, subject: Subject): boolean {
  const tokens = subject.split(".");
  const wantedTokens = wanted.split(".");
  if (wantedTokens.at(-1) === ">")
    return (
      tokens.length >= wantedTokens.length &&
      wantedTokens
        .slice(0, -1)
        .every((token, i) => token === "*" || token === tokens[i])
    );
  return (
    tokens.length === wantedTokens.length &&
    wantedTokens.every((token, i) => token === "*" || token === tokens[i])
  );
}
