import { toTimestamp, type Clock } from "@restic-manager/shared/clock.ts";
import { readMeta, writeMeta, type StateDb } from "../state-db.ts";

/** Time as the server reckons it: hosts without a clock battery exist, and commands expire. */
export interface ServerTime {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** RFC 3339 UTC. */
  stamp(): string;
  /** Learns from an answer that the server dated `serverTime` and that was asked for at `askedAt` (own clock). */
  learn(serverTime: string, askedAt: number): void;
  /** How far the own clock is behind the server's, in milliseconds. */
  offset(): number;
}

const key = "server_time_offset";

export function createServerTime(clock: Clock, db: StateDb): ServerTime {
  let offset = Number(readMeta(db, key) ?? 0);
  const now = () => clock.now() + offset;
  return {
    now,
    stamp: () => toTimestamp(now()),
    learn(serverTime, askedAt) {
      // The answer was made about half way between question and arrival.
      const half = (clock.now() - askedAt) / 2;
      const learnt = Math.round(Date.parse(serverTime) + half - clock.now());
      if (!Number.isFinite(learnt)) return;
      offset = learnt;
      writeMeta(db, key, String(offset));
    },
    offset: () => offset,
  };
}
