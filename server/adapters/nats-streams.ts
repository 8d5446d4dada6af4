import {
  AckPolicy,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import {
  maxMessageBytes,
  pattern,
} from "@restic-manager/shared/protocol/topic.ts";
import type { BusStream } from "../ports/bus.ts";

/** Largest size of each stream in bytes. */
export type StreamBytes = Readonly<Record<BusStream, number>>;

const MiB = 1024 * 1024;

/** A tenth of what the disk has free, a fifth of it for events; between 40 MiB and 1.25 GiB in all. */
export function streamBytesFor(freeBytes: number): StreamBytes {
  const all = Math.min(Math.max(freeBytes / 10, 40 * MiB), 1280 * MiB);
  return { events: Math.floor(all / 5), logs: Math.floor((all * 4) / 5) };
}

export const streamNames = { events: "RM_EVT", logs: "RM_LOG" } as const;
export const consumerName = "ingest";

const day = 24 * 3600 * 1000;
const limits = {
  events: { subject: pattern.events, messages: 500_000, age: 7 * day },
  logs: { subject: pattern.logs, messages: 2_000_000, age: 3 * day },
} as const;

/** Room for the headers of a message (its id for the broker's own dedupe), which count as part of it. */
const headerBytes = 1024;

/**
 * Creates or updates both streams and their consumers. Retention `limits` and a purge of our own, because the broker's
 * work queues have left orphans behind after crashes; `discard new`, so that a full stream refuses and an agent keeps its
 * outbox, instead of dropping what it acknowledged.
 */
export async function ensureStreams(
  manager: JetStreamManager,
  bytes: StreamBytes,
): Promise<void> {
  for (const stream of ["events", "logs"] as const) {
    const name = streamNames[stream];
    const config = {
      subjects: [limits[stream].subject],
      max_bytes: bytes[stream],
      max_msgs: limits[stream].messages,
      max_age: nanos(limits[stream].age),
      max_msg_size: maxMessageBytes + headerBytes,
      discard: DiscardPolicy.New,
      duplicate_window: nanos(10 * 60_000),
    };
    await update(
      JetStreamApiCodes.StreamNotFound,
      () => manager.streams.update(name, config),
      () =>
        manager.streams.add({
          ...config,
          name,
          retention: RetentionPolicy.Limits,
          storage: StorageType.File,
        }),
    );
    const consumer = {
      // Longer than the slowest commit of a batch.
      ack_wait: nanos(30_000),
      max_ack_pending: 2_000,
    };
    await update(
      JetStreamApiCodes.ConsumerNotFound,
      () => manager.consumers.update(name, consumerName, consumer),
      () =>
        manager.consumers.add(name, {
          ...consumer,
          durable_name: consumerName,
          ack_policy: AckPolicy.Explicit,
        }),
    );
  }
}

async function update(
  notFound: number,
  change: () => Promise<unknown>,
  create: () => Promise<unknown>,
): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== notFound)
      throw error;
    await create();
  }
}

/** Frees what has been ingested from every stream that is more than half full. Returns the fill of each in [0, 1]. */
export async function purgeIngested(
  manager: JetStreamManager,
): Promise<Readonly<Record<BusStream, number>>> {
  const fill = { events: 0, logs: 0 };
  for (const stream of ["events", "logs"] as const) {
    const name = streamNames[stream];
    fill[stream] = await fillOf(manager, name);
    if (fill[stream] <= 0.5) continue;
    const { ack_floor } = await manager.consumers.info(name, consumerName);
    // Up to, not including, the first message that is not ingested yet.
    await manager.streams.purge(name, { seq: ack_floor.stream_seq + 1 });
    fill[stream] = await fillOf(manager, name);
  }
  return fill;
}

async function fillOf(manager: JetStreamManager, name: string) {
  const { state, config } = await manager.streams.info(name);
  return Math.max(
    state.bytes / config.max_bytes,
    state.messages / config.max_msgs,
  );
}
