import { type JsMsg, jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import type { Log } from "@restic-manager/shared/log.ts";
import type { BusMessage, BusStream } from "../ports/bus.ts";
import { toBusMessage } from "./nats-message.ts";
import { consumerName, streamNames } from "./nats-streams.ts";

const pullBytes = 4 * 1024 * 1024;
const longestBatch = 500;
const longestRetryMs = 30_000;

/**
 * Feeds one stream to `onBatch` until `signal` aborts or the connection ends. A batch is whatever arrived while the one
 * before was handled, so it is one message on a quiet day and hundreds in a burst, without a timer.
 */
export async function ingestStream(
  connection: NatsConnection,
  stream: BusStream,
  onBatch: (messages: readonly BusMessage[]) => Promise<void>,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const consumer = await jetstream(connection).consumers.get(
    streamNames[stream],
    consumerName,
  );
  const messages = await consumer.consume({
    max_bytes: pullBytes,
    abort_on_missing_resource: true,
  });
  const stop = () => messages.stop();
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  let batch: JsMsg[] = [];
  try {
    for await (const message of messages) {
      batch.push(message);
      const more = messages.getReceived() > messages.getProcessed();
      if (more && batch.length < longestBatch) continue;
      await settle(batch);
      batch = [];
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }

  async function settle(received: readonly JsMsg[]): Promise<void> {
    try {
      await onBatch(received.flatMap((message) => toBusMessage(message) ?? []));
      for (const message of received) message.ack();
    } catch (error) {
      log.error("A batch of messages could not be stored and comes again", {
        stream: streamNames[stream],
        count: received.length,
        error,
      });
      for (const message of received)
        message.nak(
          Math.min(
            100 * 2 ** Math.min(message.info.deliveryCount, 10),
            longestRetryMs,
          ),
        );
    }
  }
}
