import { delay, every, type Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { CommittedMark } from "@restic-manager/shared/protocol/hello.ts";
import { LinkError, type Connection } from "./link.ts";
import type { Outbox } from "./outbox.ts";

export interface OutboxSenderDeps {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Log;
  /** Asks the server what it has stored. */
  readonly resume: () => Promise<CommittedMark>;
  /** Everything up to this number has been taken by the broker. */
  readonly onHandedOver: (seq: number) => void;
  /** The server has less than it once had: what is sent has been sent before. */
  readonly isRepeat: boolean;
}

const inFlight = 64;
const resumeMs = 5_000;
const retryMs = 1_000;
const maxRetryMs = 30_000;
/** After this long without the mark moving, what the broker took is sent once more: it may have lost it. */
const rewindMs = 60_000;

/**
 * Hands over the outbox on one connection, oldest first, until the connection or `signal` ends. A row waits until the
 * server says that it has stored it, not until the broker has taken it.
 */
export async function sendOutbox(
  deps: OutboxSenderDeps,
  connection: Connection,
  signal: AbortSignal,
): Promise<void> {
  const { outbox, clock, log } = deps;
  let sent = 0;
  // The broker drops what it has seen within minutes, so what is sent once more goes by another name.
  let attempt = deps.isRepeat ? `:${clock.now()}` : "";
  const epoch = outbox.epoch();
  let mark = 0;
  let movedAt = clock.now();
  let wake = Promise.withResolvers<void>();
  const wakeUp = () => wake.resolve();

  async function askMark(): Promise<void> {
    if (outbox.depth() === 0) return;
    const committed = await deps.resume();
    outbox.commit(committed);
    if (committed.seq > mark || sent <= committed.seq) movedAt = clock.now();
    mark = committed.seq;
    if (clock.now() - movedAt < rewindMs) return;
    log.warn(
      "The server has not stored what was handed over; it is sent again",
      { seq: mark },
    );
    sent = mark;
    movedAt = clock.now();
    attempt = `:${movedAt}`;
    wakeUp();
  }

  const stopAsking = every(clock, resumeMs, () => {
    askMark().catch((error: unknown) =>
      log.debug("The server did not say what it has stored", { error }),
    );
  });
  outbox.onPut(wakeUp);
  signal.addEventListener("abort", wakeUp);

  try {
    let wait = retryMs;
    while (!signal.aborted) {
      // This state turned out to be an old copy: its rows have new numbers, and the server must be greeted anew.
      if (epoch !== outbox.epoch()) return await connection.close();
      wake = Promise.withResolvers<void>();
      const rows = outbox.read(sent, inFlight);
      if (rows.length === 0) {
        await wake.promise;
        continue;
      }
      const results = await Promise.allSettled(
        rows.map(({ subject, body, seq }) =>
          connection.deliver(subject, body, `${epoch}:${seq}${attempt}`),
        ),
      );
      const failed = results.findIndex(({ status }) => status === "rejected");
      sent = (failed < 0 ? rows.at(-1) : rows[failed - 1])?.seq ?? sent;
      deps.onHandedOver(sent);
      if (failed < 0) {
        wait = retryMs;
        continue;
      }
      const { reason } = results[failed] as PromiseRejectedResult;
      if (reason instanceof LinkError && reason.kind === "closed") return;
      log.warn(
        "Results cannot be handed over for now; they are kept and tried again",
        { error: reason, delay_ms: wait },
      );
      await delay(clock, wait, signal);
      wait = Math.min(wait * 2, maxRetryMs);
    }
  } finally {
    stopAsking();
    outbox.onPut(() => {});
  }
}
