import { every, toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Heartbeat } from "@restic-manager/shared/protocol/hello.ts";
import type { Events } from "../../events.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction } from "../../ports/transaction.ts";
import { markSilentOffline, saveSeen } from "./store.ts";

/** Told after every sign of life what the agent says it is doing. */
export type Reconcile = (
  state: Pick<Heartbeat, "host" | "epoch" | "running_jobs" | "outbox_depth">,
) => Promise<void>;

/**
 * Which hosts are there. A host is online from its hello or heartbeat until none came for `offlineAfterMs`; a lost
 * connection alone says nothing, since agents come back within seconds.
 */
export interface Presence {
  isOnline(hostId: string): boolean;
  /** The epoch an online agent named; null for a host that is away. */
  epochOf(hostId: string): string | null;
  /** Notes a heartbeat. Stored within a second, many at once. */
  heard(heartbeat: Heartbeat): void;
  /** Notes a hello that is stored already. */
  greeted(hostId: string, epoch: string): void;
  /** The host was removed. */
  forget(hostId: string): void;
  /** Begins to look for hosts that have gone silent. */
  start(): Cancel;
}

const flushMs = 1000;
/** A clock that moved by less is not worth drawing a page again. */
const shownSkewMs = 5000;

type Beats = Map<
  string,
  { readonly heartbeat: Heartbeat; readonly at: string }
>;

export function createPresence(deps: {
  readonly db: Db;
  readonly tx: Transaction;
  readonly events: Events;
  readonly reconcile: Reconcile;
  readonly clock: Clock;
  readonly log: Log;
  readonly offlineAfterMs: number;
}): Presence {
  const { events, clock, log, offlineAfterMs } = deps;
  const epochs = new Map<string, string>();
  let beats: Beats = new Map();
  /** What is being stored. Whatever is known better meanwhile is taken out of these, too. */
  const storing = new Set<Beats>();
  let cancelFlush: Cancel = () => {};

  async function flush(): Promise<void> {
    const taken = beats;
    beats = new Map();
    if (taken.size === 0) return;
    storing.add(taken);
    try {
      await note(taken);
    } finally {
      storing.delete(taken);
    }
  }

  async function note(taken: Beats): Promise<void> {
    const seen = new Map(
      [...taken].map(([id, { at, heartbeat }]) => [
        id,
        { at, skewMs: heartbeat.skew_ms },
      ]),
    );
    const before = await deps.tx.run((trx) => saveSeen(trx, seen));
    for (const { id, status, cfg_rev, clock_skew_ms } of before) {
      const heartbeat = taken.get(id)?.heartbeat;
      if (heartbeat === undefined) continue;
      epochs.set(id, heartbeat.epoch);
      if (status === "offline") {
        log.info("A host is online", { host_id: id });
        events.emit({ type: "host.changed", hostId: id });
      } else if (Math.abs(heartbeat.skew_ms - clock_skew_ms) >= shownSkewMs) {
        events.emit({ type: "host.changed", hostId: id });
      }
      if (heartbeat.cfg_rev < cfg_rev)
        events.emit({ type: "host.outdated", hostId: id });
      await deps
        .reconcile(heartbeat)
        .catch((error: unknown) =>
          log.error("Reconciling a host failed", { host_id: id, error }),
        );
    }
  }

  async function sweep(): Promise<void> {
    await flush();
    const before = toTimestamp(clock.now() - offlineAfterMs);
    for (const hostId of await markSilentOffline(deps.db, before)) {
      epochs.delete(hostId);
      log.info("A host is offline", { host_id: hostId });
      events.emit({ type: "host.changed", hostId });
    }
  }

  function drop(hostId: string): void {
    for (const heard of [beats, ...storing]) heard.delete(hostId);
  }

  function guarded(work: () => Promise<void>): () => void {
    return () => {
      work().catch((error: unknown) =>
        log.error("Noting which hosts are online failed", { error }),
      );
    };
  }

  return {
    isOnline: (hostId) => epochs.has(hostId),
    epochOf: (hostId) => epochs.get(hostId) ?? null,
    heard(heartbeat) {
      if (beats.size === 0) cancelFlush = clock.after(flushMs, guarded(flush));
      beats.set(heartbeat.host, { heartbeat, at: toTimestamp(clock.now()) });
    },
    greeted(hostId, epoch) {
      // A heartbeat from before this hello may name the epoch before it.
      drop(hostId);
      epochs.set(hostId, epoch);
    },
    forget(hostId) {
      drop(hostId);
      epochs.delete(hostId);
    },
    start() {
      // After a restart every agent gets the whole time to come back before its host counts as silent.
      let cancel = clock.after(offlineAfterMs, () => {
        guarded(sweep)();
        cancel = every(
          clock,
          Math.min(10_000, offlineAfterMs / 3),
          guarded(sweep),
        );
      });
      return () => {
        cancel();
        cancelFlush();
      };
    },
  };
}
