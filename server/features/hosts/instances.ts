import { every, toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type { IdentityConflict } from "@restic-manager/shared/api/hosts.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type {
  Heartbeat,
  Hello,
} from "@restic-manager/shared/protocol/hello.ts";
import type { Events } from "../../events.ts";
import type { Audit } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction } from "../../ports/transaction.ts";
import {
  conflictedHosts,
  findHost,
  saveConflict,
  type StoredConflict,
} from "./store.ts";

/**
 * Tells the processes apart that speak with one host's key. A restarted agent is a new one and the old one falls silent;
 * when an older one goes on speaking, the identity was copied. Both are served, and a person is told.
 */
export interface Instances {
  greeted(
    hostId: string,
    said: Pick<Hello, "instance" | "hostname" | "boot_time">,
  ): void;
  /** Whether a heartbeat counts: its process has said hello here, and it is newer than the last one. */
  heard(hostId: string, beat: Pick<Heartbeat, "instance" | "t">): boolean;
  /** The host is gone, or has another key. */
  forget(hostId: string): void;
  /** Knows again what was in conflict, and begins to look for conflicts that have ended. */
  start(): Cancel;
}

interface Speaker {
  readonly id: string;
  readonly hostname: string;
  readonly boot_time: string;
  /** When it was heard last. */
  seenAt: number;
  /** The time in its last heartbeat; null before it has said hello to this process of the server. */
  t: number | null;
}

interface Known {
  /** In the order of their first hello, newest last. */
  speakers: Speaker[];
  newestAt: number;
  since: string | null;
}

/** What a process has sent may arrive this much after its successor's hello. */
const inFlightMs = 5_000;
/** Clocks of two machines that keep time differ by less. */
const aheadMs = 60_000;
/** A process that was not heard for so long is gone. */
const silentMs = 10 * 60_000;
const shown = 8;

export function createInstances(deps: {
  readonly db: Db;
  readonly tx: Transaction;
  readonly audit: Audit;
  readonly events: Events;
  readonly clock: Clock;
  readonly log: Log;
}): Instances {
  const { tx, events, clock, log } = deps;
  const hosts = new Map<string, Known>();

  function spoke(hostId: string, known: Known, speaker: Speaker): void {
    speaker.seenAt = clock.now();
    const isNewest = known.speakers.at(-1) === speaker;
    if (isNewest || known.since !== null) return;
    if (clock.now() - known.newestAt < inFlightMs) return;
    known.since = toTimestamp(clock.now());
    guarded(save(hostId, known));
  }

  /** Stores a conflict, or its end; the first time with an audit row. */
  async function save(hostId: string, known: Known): Promise<void> {
    const conflict = stored(known);
    const isNew = await tx.run(async (trx) => {
      const host = await findHost(trx, hostId);
      if (host === null) return false;
      await saveConflict(trx, hostId, conflict);
      if (conflict === null || host.identity_conflict !== null) return false;
      await deps.audit.record(
        trx,
        {
          kind: "agent",
          id: hostId,
          name: host.name,
          ip: null,
          requestId: null,
        },
        {
          action: "host.identity_conflict",
          target: { kind: "host", id: hostId },
          payload: {
            hostnames: conflict.instances.map(({ hostname }) => hostname),
          },
        },
      );
      return true;
    });
    if (isNew) log.warn("Two agents have one identity", { host_id: hostId });
    events.emit({ type: "host.changed", hostId });
  }

  function sweep(): void {
    const before = clock.now() - silentMs;
    for (const [hostId, known] of hosts) {
      const alive = known.speakers.filter(({ seenAt }) => seenAt > before);
      // All silent: the host is away, and nothing is resolved.
      if (alive.length === 0) continue;
      known.speakers = alive;
      if (known.since === null) continue;
      if (alive.length === 1) known.since = null;
      guarded(save(hostId, known));
    }
  }

  /** Processes of a conflict from before a restart get their time to come back. */
  async function remember(): Promise<void> {
    for (const { id, conflict } of await conflictedHosts(deps.db)) {
      if (hosts.has(id)) continue;
      const now = clock.now();
      const speakers = conflict.instances.map((of) => ({
        ...of,
        seenAt: now,
        t: null,
      }));
      hosts.set(id, { speakers, newestAt: now, since: conflict.since });
    }
  }

  function guarded(work: Promise<void>): void {
    work.catch((error: unknown) =>
      log.error("Noting who speaks for a host failed", { error }),
    );
  }

  return {
    greeted(hostId, { instance: id, hostname, boot_time }) {
      const known = hosts.get(hostId) ?? {
        speakers: [],
        newestAt: 0,
        since: null,
      };
      hosts.set(hostId, known);
      const now = clock.now();
      const again = known.speakers.find((speaker) => speaker.id === id);
      if (again !== undefined) {
        again.t = now - inFlightMs;
        return spoke(hostId, known, again);
      }
      known.newestAt = now;
      const t = now - inFlightMs;
      const speaker = { id, hostname, boot_time, seenAt: now, t };
      known.speakers = [...known.speakers.slice(1 - shown), speaker];
    },

    heard(hostId, { instance, t }) {
      const known = hosts.get(hostId);
      const speaker = known?.speakers.find(({ id }) => id === instance);
      const time = Date.parse(t);
      if (known === undefined || speaker === undefined) return false;
      if (speaker.t === null) return false;
      // A last time that has not come yet was told by a clock that has been set right since.
      const isAhead = speaker.t > clock.now() + aheadMs;
      if (time <= speaker.t && !isAhead) return false;
      speaker.t = time;
      spoke(hostId, known, speaker);
      return true;
    },

    forget: (hostId) => void hosts.delete(hostId),

    start() {
      guarded(remember());
      return every(clock, 60_000, sweep);
    },
  };
}

function stored({ since, speakers }: Known): StoredConflict | null {
  if (since === null) return null;
  const instances = speakers.map(({ id, hostname, boot_time, seenAt }) => ({
    id,
    hostname,
    boot_time,
    last_seen_at: toTimestamp(seenAt),
  }));
  return { since, instances } satisfies IdentityConflict;
}
