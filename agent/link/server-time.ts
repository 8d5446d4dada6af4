import { toTimestamp, type Clock } from "@restic-manager/shared/clock.ts";
import { readMeta, writeMeta, type StateDb } from "../state-db.ts";

/** Time as the server reckons it: hosts without a clock battery exist, and commands expire. */
export interface ServerTime {
  /** Milliseconds since the Unix epoch. Setting this host's clock does not move it. */
  now(): number;
  /** RFC 3339 UTC. */
  stamp(): string;
  /** How far this host's own clock is ahead of the server's, in milliseconds. */
  skew(): number;
  /** Learns from an answer that the server dated `serverTime` and that was asked for at `askedAt` (own clock). */
  learn(serverTime: string, askedAt: number): void;
}

const key = "server_time_offset";
/** A clock that is off by more than this against the time since boot was set. Time since boot may be in whole seconds. */
const stepMs = 3_000;

/** `uptime`: milliseconds since this machine's boot, asleep or awake. */
export function createServerTime(
  clock: Clock,
  uptime: () => number,
  db: StateDb,
): ServerTime {
  let offset = Number(readMeta(db, key) ?? 0);
  /** By the own clock, as it was when the server's was learnt. Before that a step may as well be a correction. */
  let bootedAt: number | null = null;

  function now(): number {
    const own = clock.now();
    const step = bootedAt === null ? 0 : own - uptime() - bootedAt;
    if (Math.abs(step) > stepMs) keep(offset - step);
    return own + offset;
  }

  function keep(milliseconds: number): void {
    bootedAt = clock.now() - uptime();
    offset = milliseconds;
    try {
      writeMeta(db, key, String(offset));
    } catch {
      // On a full disk it holds until the end of this process, and is learnt again by the next one.
    }
  }

  return {
    now,
    stamp: () => toTimestamp(now()),
    skew: () => clock.now() - now(),
    learn(serverTime, askedAt) {
      // The answer was made about half way between question and arrival.
      const half = (clock.now() - askedAt) / 2;
      const learnt = Math.round(Date.parse(serverTime) + half - clock.now());
      if (isPlausible(clock.now() + learnt)) keep(learnt);
    },
  };
}

/** Whoever is in between may say any time: results dated beyond the year 9999 would never be taken by the server. */
function isPlausible(milliseconds: number): boolean {
  const year = new Date(milliseconds).getUTCFullYear();
  return year >= 2020 && year < 2200;
}
