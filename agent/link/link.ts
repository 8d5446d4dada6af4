import type { Subject } from "@restic-manager/shared/protocol/topic.ts";

/** The way to the server, whatever carries it. `nats-link.ts` is the real one, `memory-link.ts` the one of tests. */
export interface Link {
  /** One attempt. Throws `LinkError`. */
  connect(): Promise<Connection>;
}

/** A live connection. Once closed it stays closed; every call then fails or, where allowed, does nothing. */
export interface Connection {
  /** Fire and forget: lost when the connection is. */
  publish(subject: Subject, body: string): void;
  /** Asks and waits. Throws `LinkError`. */
  request(subject: Subject, body: string, timeoutMs: number): Promise<string>;
  /**
   * Hands over a message to be stored and waits until it is. The same `messageId` again within some minutes is
   * recognised. Throws `LinkError`.
   */
  deliver(subject: Subject, body: string, messageId: string): Promise<void>;
  /** Answers every request on the subjects of `pattern`. */
  serve(
    pattern: Subject,
    answer: (subject: string, body: string) => Promise<string>,
  ): void;
  /** Resolves when the connection ends, for whatever reason; never rejects. */
  readonly closed: Promise<void>;
  /** Sends what is under way, then closes. */
  close(): Promise<void>;
}

/** `unauthorized`: the server does not accept who we are. `refused`: it got the message and cannot keep it now. */
export type LinkErrorKind =
  | "unauthorized"
  | "unreachable"
  | "closed"
  | "timeout"
  | "no_listener"
  | "refused";

export class LinkError extends Error {
  readonly kind: LinkErrorKind;

  constructor(kind: LinkErrorKind, message: string) {
    super(message);
    this.name = "LinkError";
    this.kind = kind;
  }
}
