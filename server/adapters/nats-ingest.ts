import type { Msg, NatsConnection } from "@nats-io/nats-core";
import { type Clock, delay } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { BusMessage, BusStream } from "../ports/bus.ts";
import { toBusMessage } from "./nats-message.ts";
import { acknowledge, createPull, refuse } from "./nats-pull.ts";
import { consumerName, streamNames } from "./nats-streams.ts";

const pullBytes = 4 * 1024 * 1024;
const longestBatch = 500;
const longestRetryMs = 30_000;
/** From one batch to the next: a chatty fleet costs ten transactions a second, not one for each message. */
const pauseMs = 100;

/**
 * Feeds one stream to `onBatch` until `signal` aborts or the connection ends. The first message after a quiet time is
 * handed over at once; whatever comes within `pauseMs` after it is the next batch.
 */
export async function ingestStream(
  connection: NatsConnection,
  stream: BusStream,
  onBatch: (messages: readonly BusMessage[]) => Promise<void>,
  signal: AbortSignal,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<void> {
  let failures = 0;
  const pull = createPull(connection, streamNames[stream], consumerName, clock);
  while (!signal.aborted && !connection.isClosed()) {
    const waiting = await pull.waiting(longestBatch, pullBytes);
    const batch = waiting.length > 0 ? waiting : await pull.next(signal);
    if (batch.length === 0) continue;
    const startedAt = clock.now();
    await settle(batch);
    await pause(clock.now() - startedAt);
  }

  /** Never longer than `pauseMs`, also when the clock was set back meanwhile. */
  async function pause(elapsedMs: number): Promise<void> {
    const left = Math.min(pauseMs - elapsedMs, pauseMs);
    if (left > 0) await delay(clock, left, signal);
  }

  async function settle(received: readonly Msg[]): Promise<void> {
    const isStored = await handOver(received);
    failures = isStored ? 0 : failures + 1;
    // What a broken connection had brought is stored all the same; the broker hands it over once more, some time later.
    if (connection.isClosed()) return;
    for (const message of received)
      if (isStored) acknowledge(message);
      else refuse(message, Math.min(100 * 2 ** failures, longestRetryMs));
  }

  async function handOver(received: readonly Msg[]): Promise<boolean> {
    try {
      await onBatch(received.flatMap((message) => toBusMessage(message) ?? []));
      return true;
    } catch (error) {
      log.error("A batch of messages could not be stored and comes again", {
        stream: streamNames[stream],
        count: received.length,
        error,
      });
      return false;
    }
  }
}
