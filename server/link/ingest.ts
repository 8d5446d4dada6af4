import { toTimestamp, type Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import {
  logGap,
  type EventEnvelope,
} from "@restic-manager/shared/protocol/event.ts";
import type { AfterCommit } from "../ports/agent-link.ts";
import type { Bus, BusMessage, BusStream, Unsubscribe } from "../ports/bus.ts";
import type { Transaction, Trx } from "../ports/transaction.ts";
import { createSeldom } from "../seldom.ts";
import { readEvent, type EventRegistry, type Refusal } from "./events.ts";
import type { HostKeys } from "../ports/host-keys.ts";
import { readMark, writeMark } from "./mark-store.ts";
import type { Mark } from "./mark.ts";

interface Deps {
  readonly bus: Pick<Bus, "ingest">;
  readonly tx: Transaction;
  readonly hostKeys: HostKeys;
  readonly registry: Pick<EventRegistry, "find">;
  readonly clock: Clock;
  readonly log: Log;
}

/** One transaction holds the only connection: bounded, so that a flood of logs leaves room for everybody else. */
const maxChunkEvents = 100;
const maxChunkCharacters = 512 * 1024;

/**
 * Stores what agents report, each event exactly once however often it is delivered: handler, note of the event's number
 * and move of the committed mark are one transaction, and the broker hears of it only afterwards. An event that cannot
 * be believed or stored is logged and passed over; only an unusable store makes the broker deliver again.
 */
export function createIngest(deps: Deps): { start(): Unsubscribe } {
  const { log } = deps;
  const isToBeSaid = createSeldom(deps.clock);

  /** Whatever a host sends, it is one line a minute for each reason. */
  function complain(
    hostId: string,
    message: string,
    fields: Parameters<Log["warn"]>[1],
    reason = message,
  ): void {
    const count = isToBeSaid(`${hostId} ${reason}`);
    if (count !== null)
      log.warn(message, { ...fields, host_id: hostId, count: count + 1 });
  }

  async function ingest(
    stream: BusStream,
    messages: readonly BusMessage[],
  ): Promise<void> {
    // Host by host, so that each host's mark is read and written once or twice, not with every chunk.
    const byHost = Map.groupBy(messages, (message) => message.hostId);
    for (const chunk of chunksOf([...byHost.values()].flat())) {
      await storeAll(await believed(stream, chunk));
      // Checking signatures and storing never wait for anything outside: let requests in between.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async function believed(
    stream: BusStream,
    messages: readonly BusMessage[],
  ): Promise<EventEnvelope[]> {
    const events: EventEnvelope[] = [];
    for (const message of messages) {
      const event = await opened(stream, message);
      if (typeof event !== "string") events.push(event);
      else
        complain(
          message.hostId,
          "An event of an agent was not believed",
          { stream, reason: event },
          event,
        );
    }
    return events;
  }

  async function opened(
    stream: BusStream,
    message: BusMessage,
  ): Promise<EventEnvelope | Refusal | "unknown_host"> {
    const key = await deps.hostKeys.get(message.hostId);
    if (key === null) return "unknown_host";
    const event = readEvent(stream, message, key);
    if (event !== "signature_invalid") return event;
    for (const former of await deps.hostKeys.former(message.hostId)) {
      const signedBefore = readEvent(stream, message, former);
      if (signedBefore !== "signature_invalid") return signedBefore;
    }
    return event;
  }

  async function storeAll(events: readonly EventEnvelope[]): Promise<void> {
    try {
      const after = await deps.tx.run((trx) => apply(trx, events, find));
      for (const task of after) runGuarded(task);
    } catch (error) {
      if (isStoreUnusable(error)) throw error;
      const [first, ...others] = events;
      if (first === undefined) throw error;
      if (others.length === 0) return passOver(first, error);
      for (const event of events) await storeAll([event]);
    }
  }

  /** Notes an event that no handler can store as seen, so that it blocks nothing behind it. */
  async function passOver(event: EventEnvelope, error: unknown): Promise<void> {
    log.error("An event could not be stored and was passed over", {
      ...named(event),
      error,
    });
    await deps.tx.run((trx) => apply(trx, [event], () => undefined));
  }

  function find(kind: string) {
    return deps.registry.find(kind);
  }

  async function apply(
    trx: Trx,
    events: readonly EventEnvelope[],
    handlerOf: typeof find,
  ): Promise<AfterCommit[]> {
    const after: AfterCommit[] = [];
    const marks = new Map<string, { event: EventEnvelope; mark: Mark }>();
    let beyond: EventEnvelope | null = null;
    for (const event of events) {
      const name = `${event.host} ${event.epoch}`;
      const mark =
        marks.get(name)?.mark ?? (await readMark(trx, numbering(event)));
      marks.set(name, { event, mark });
      if (mark.isStored(event.seq)) continue;
      if (mark.isFull() && event.seq > mark.committed() + 1) {
        beyond = event;
        continue;
      }
      const task = handlerOf(event.kind)?.(trx, event);
      if (task === "malformed") {
        complain(
          event.host,
          "The payload of an event does not fit its kind",
          named(event),
        );
      } else {
        const done = await task;
        if (done !== undefined) after.push(done);
      }
      mark.store(event.seq);
      passGap(mark, event);
    }
    // The mark does not pass them: an agent sends them again once what is missing before them has come.
    if (beyond !== null)
      complain(
        beyond.host,
        "A host leaves too many holes in its numbers",
        named(beyond),
      );
    const now = toTimestamp(deps.clock.now());
    for (const { event, mark } of marks.values())
      await writeMark(trx, numbering(event), mark, now);
    return after;
  }

  function runGuarded(task: AfterCommit): void {
    try {
      task();
    } catch (error) {
      log.error("Following up on an event failed", { error });
    }
  }

  return {
    start() {
      const stops = (["events", "logs"] as const).map((stream) =>
        deps.bus.ingest(stream, (messages) => ingest(stream, messages)),
      );
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}

/** Rows an agent dropped count as stored: nobody will ever send them. */
function passGap(mark: Mark, event: EventEnvelope): void {
  if (event.kind !== "log.gap") return;
  const gap = logGap.safeParse(event.p).data;
  if (gap !== undefined && gap.from_seq <= gap.to_seq && gap.to_seq < event.seq)
    mark.store(gap.from_seq, gap.to_seq);
}

function numbering(event: EventEnvelope) {
  return { hostId: event.host, epoch: event.epoch };
}

function named({ host, kind, epoch, seq }: EventEnvelope) {
  return { host_id: host, kind, epoch, seq };
}

function* chunksOf(messages: readonly BusMessage[]): Generator<BusMessage[]> {
  let chunk: BusMessage[] = [];
  let characters = 0;
  for (const message of messages) {
    const isFull =
      chunk.length === maxChunkEvents ||
      characters + message.text.length > maxChunkCharacters;
    if (isFull && chunk.length > 0) {
      yield chunk;
      chunk = [];
      characters = 0;
    }
    chunk.push(message);
    characters += message.text.length;
  }
  if (chunk.length > 0) yield chunk;
}

/** Whether the store itself failed (busy, full, broken): trying again later may help, passing over would lose data. */
function isStoreUnusable(error: unknown): boolean {
  const code =
    error instanceof Error && "code" in error ? String(error.code) : "";
  return /^SQLITE_(BUSY|LOCKED|FULL|IOERR|NOMEM|READONLY|CANTOPEN|CORRUPT|NOTADB|PROTOCOL)/.test(
    code,
  );
}
