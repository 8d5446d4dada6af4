import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Events } from "../../events.ts";
import type { Db } from "../../ports/db.ts";
import type { Notice } from "../../ports/notices.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Breaker } from "./breaker.ts";
import type { ReceiverBox } from "./receiver.ts";
import type { Send } from "./send.ts";
import * as store from "./store.ts";

const longestPauseMs = 60_000;
const givenUpMs = 24 * 60 * 60 * 1000;
const keptMs = 30 * 24 * 60 * 60 * 1000;
/** Looking again although nothing was said to be due: a store that failed once must not end it. */
const idleMs = 60_000;

/**
 * Sends what waits, each channel by itself and one message after the other. A message is tried until it is taken or a
 * day old; a crash between sending and noting it sends it again, under the same key.
 */
export interface Delivery {
  /** Something waits, or may be tried again. */
  wake(): void;
  start(): Cancel;
}

export function createDelivery(deps: {
  db: Db;
  tx: Transaction;
  box: Pick<ReceiverBox, "open">;
  send: Send;
  breaker: Breaker;
  events: Events;
  clock: Clock;
  log: Log;
}): Delivery {
  const { db, tx, breaker, events, clock, log } = deps;
  const busy = new Set<string>();
  /** What was begun before a stop does not go on after the next start. */
  let run: object | null = null;
  let cancelNext: Cancel = () => {};

  /** @returns false when the channel is to be left alone for now. */
  async function deliverOne(channelId: string): Promise<boolean> {
    const mine = run;
    if (breaker.restsUntil(channelId) > clock.now()) return false;
    const now = toTimestamp(clock.now());
    const row = await store.nextDue(db, channelId, now);
    const channel = await store.findChannel(db, channelId);
    if (row === null || channel === null) return false;
    const receiver = deps.box.open(channelId, channel.sealed);
    const notice = JSON.parse(row.notice) as Notice;
    const message = { id: row.id, at: notice.at, notice };
    const problem = await deps.send(receiver, message);
    // Whatever stopped meanwhile may have closed the store; the message goes again at the next start.
    if (run === null || run !== mine) return false;
    // Where it went before the channel was edited says nothing of where it goes now.
    if (problem !== null && (await wasEdited(channelId, channel.sealed)))
      return true;
    if (problem === null) breaker.worked(channelId);
    else breaker.failed(channelId);
    await note(row, problem);
    return true;
  }

  async function wasEdited(id: string, sealed: Uint8Array): Promise<boolean> {
    const channel = await store.findChannel(db, id);
    return channel !== null && Buffer.compare(channel.sealed, sealed) !== 0;
  }

  async function note(
    row: store.NotificationRecord,
    problem: string | null,
  ): Promise<void> {
    const now = clock.now();
    const attempts = row.attempts + 1;
    const isOver = now - Date.parse(row.created_at) >= givenUpMs;
    const pauseMs = Math.min(
      1000 * 2 ** Math.min(row.attempts, 10),
      longestPauseMs,
    );
    await tx.run(async (trx) => {
      await store.updateNotification(trx, row.id, {
        attempts,
        state: problem === null ? "delivered" : isOver ? "given_up" : "waiting",
        next_at: toTimestamp(now + pauseMs),
      });
      await store.updateChannel(trx, row.channel_id, {
        last_error: problem,
        ...(problem === null ? { last_delivered_at: toTimestamp(now) } : {}),
      });
    });
    if (problem !== null)
      log.warn("A notification was not delivered", {
        attempt: attempts,
        reason: problem,
        state: isOver ? "given up" : "waiting",
      });
    events.emit({ type: "channels.changed" });
  }

  async function drain(channelId: string): Promise<void> {
    busy.add(channelId);
    try {
      while (run !== null && (await deliverOne(channelId)));
    } finally {
      busy.delete(channelId);
    }
  }

  async function work(): Promise<void> {
    const due = await store.dueTimes(db);
    if (run === null) return;
    let next = clock.now() + idleMs;
    for (const { channel_id: id, next_at } of due) {
      if (busy.has(id)) continue;
      const at = Math.max(Date.parse(next_at), breaker.restsUntil(id));
      if (at > clock.now()) next = Math.min(next, at);
      else void guarded(drain(id).then(wake));
    }
    cancelNext();
    cancelNext = clock.after(next - clock.now(), wake);
  }

  function wake(): void {
    if (run !== null) void guarded(work());
  }

  async function guarded(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (run !== null) log.error("Sending notifications failed", { error });
    }
  }

  return {
    wake,
    start() {
      run = {};
      const before = toTimestamp(clock.now() - keptMs);
      void guarded(tx.run((trx) => store.forgetBefore(trx, before)));
      // Also when the first look fails.
      cancelNext = clock.after(idleMs, wake);
      wake();
      return () => {
        run = null;
        cancelNext();
      };
    },
  };
}
