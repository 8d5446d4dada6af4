/** Bytes that one agent sends to whoever asked for them, over a connection that it opens for them alone. */
export interface AgentStreams {
  /** Expects one stream of a host. Whoever expects it ends it, in any case, by `cancel`. */
  expect(hostId: string): ExpectedStream;
}

export interface ExpectedStream {
  /** One-time: with it, and its own signature, the host opens the stream. */
  readonly token: string;
  /**
   * Resolves when the first bytes are here, or when there are none and all is well. Read no faster than it is taken: the
   * agent sends as much as is granted. It errors when the agent does not say that this was all.
   *
   * @throws AppError `download_failed` with what the agent said, `agent_timeout` when it did not come
   */
  readonly body: Promise<ReadableStream<Uint8Array>>;
  /** Nobody wants it any more: the agent ends what it does. */
  cancel(): void;
  /** Settles when nothing more comes, however it ended. */
  readonly ended: Promise<void>;
}
