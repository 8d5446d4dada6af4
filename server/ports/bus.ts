import type { Subject } from "@restic-manager/shared/protocol/topic.ts";

/** A message of an agent. The broker vouches for `hostId`: nobody else may publish on its subjects. */
export interface BusMessage {
  readonly hostId: string;
  /** What follows the lane: a request's op, an event's kind or a job id. */
  readonly tail: string;
  /** JSON text, not yet parsed and its signature not yet checked. */
  readonly text: string;
}

/** The durable lanes: `events` are results, `logs` are job logs, kept apart so that a chatty log never delays a result. */
export type BusStream = "events" | "logs";

/** Messages between the server and its agents. Everything on it is UTF-8 JSON text. */
export interface Bus {
  /** Connects and keeps connected until `close`. Does not wait for the broker. */
  start(): void;
  /** Takes no more messages, lets running handlers finish, then disconnects. */
  close(): Promise<void>;
  connected(): boolean;
  /** Sends a command and resolves with the agent's answer. @throws BusError */
  request(subject: Subject, text: string, timeoutMs: number): Promise<string>;
  /** Hears lossy messages. The returned function ends it. */
  subscribe(
    pattern: Subject,
    handler: (message: BusMessage) => void,
  ): Unsubscribe;
  /**
   * Answers requests of agents; null gives no answer. Requests whose reply would go anywhere else than to the asking
   * host's own inbox are dropped: answering them would let one agent talk to another with the server's voice.
   */
  serve(
    pattern: Subject,
    handler: (message: BusMessage) => Promise<string | null>,
  ): Unsubscribe;
  /**
   * Hands over what agents stored in a stream, in batches, one batch at a time. A batch is acknowledged when `onBatch` has
   * resolved and delivered again when it rejects, so each message comes at least once, and not always in order.
   */
  ingest(
    stream: BusStream,
    onBatch: (messages: readonly BusMessage[]) => Promise<void>,
  ): Unsubscribe;
}

export type Unsubscribe = () => void;

export type BusErrorCode =
  /** The bus has no connection to the broker: nothing was sent. */
  | "bus_down"
  /** Nobody listens on the subject: the host is offline. */
  | "no_listener"
  /** No answer came in time, or before the connection ended: the message may have arrived. */
  | "timeout";

export class BusError extends Error {
  readonly code: BusErrorCode;
  constructor(code: BusErrorCode, message: string) {
    super(message);
    this.name = "BusError";
    this.code = code;
  }
}
