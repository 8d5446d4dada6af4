import {
  createInbox,
  type Msg,
  nanos,
  type NatsConnection,
} from "@nats-io/nats-core";
import { type Clock, delay } from "@restic-manager/shared/clock.ts";
import { serverInboxPrefix } from "@restic-manager/shared/protocol/topic.ts";

/** Asks for messages of a durable consumer; nothing is delivered that was not asked for. */
export interface Pull {
  /** What waits now, up to `count` messages and `bytes` of them. */
  waiting(count: number, bytes: number): Promise<Msg[]>;
  /** The next one, however long it takes; none when `signal` aborts, or now and then. */
  next(signal: AbortSignal): Promise<Msg[]>;
}

/** How long one question for the next message stands. */
const standsMs = 30_000;
/** The broker always says when a question has ended; when not, it is asked anew. */
const graceMs = 5_000;

/**
 * The library's own `consume` asks ahead, so that a broken connection leaves delivered messages unread, which come again
 * only after the consumer's time to acknowledge; and while its reader waits it takes a hundred messages at most.
 */
export function createPull(
  connection: NatsConnection,
  stream: string,
  consumer: string,
  clock: Clock,
): Pull {
  async function ask(
    request: { batch: number } & (
      { max_bytes: number; no_wait: true } | { expires: number }
    ),
    signal: AbortSignal | undefined,
  ): Promise<Msg[]> {
    if (signal?.aborted === true) return [];
    const messages: Msg[] = [];
    const done = new AbortController();
    const failures: Error[] = [];
    const inbox = createInbox(serverInboxPrefix);
    const end = () => done.abort();
    const subscription = connection.subscribe(inbox, {
      callback: (error, message) => {
        // By the subject, not by a status in the headers: an agent may write any headers.
        if (error === null && message.subject !== inbox) messages.push(message);
        else {
          failures.push(...(error === null ? failuresOf(message) : [error]));
          end();
        }
        if (messages.length === request.batch) end();
      },
    });
    void subscription.closed.then(end, end);
    signal?.addEventListener("abort", end, { once: true });
    connection.publish(
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
      JSON.stringify(request),
      { reply: inbox },
    );
    await delay(clock, standsMs + graceMs, done.signal);
    signal?.removeEventListener("abort", end);
    subscription.unsubscribe();
    const [failure] = failures;
    if (failure !== undefined) throw failure;
    return messages;
  }

  return {
    waiting: (batch, max_bytes) =>
      ask({ batch, max_bytes, no_wait: true }, undefined),
    next: (signal) => ask({ batch: 1, expires: nanos(standsMs) }, signal),
  };
}

/** Tells the broker that a message is stored. */
export function acknowledge(message: Msg): void {
  message.respond("+ACK");
}

/** Asks for a message once more, not before `ms` milliseconds. */
export function refuse(message: Msg, ms: number): void {
  message.respond(`-NAK ${JSON.stringify({ delay: nanos(ms) })}`);
}

/** None for the ends that are nobody's fault: nothing there, time over, batch full. */
function failuresOf({ headers }: Msg): Error[] {
  const code = headers?.code ?? 0;
  const description = headers?.description ?? "";
  const isPlain =
    code === 404 ||
    code === 408 ||
    /Batch Completed|Exceeds MaxBytes|MaxAckPending/i.test(description);
  return isPlain ? [] : [new Error(`${code} ${description}`)];
}
